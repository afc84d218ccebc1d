"""The log of the product of the squared spectral norms of the network's matrices: how far it is from smooth."""

from pipeline.ops.curvature import Surface
from pipeline.ops.spectra import log_product

LABEL = "Log of the product of squared spectral norms"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(surface: Surface) -> float:
    """Of the matrices among the weights that the training loss depends on."""
    return float(log_product(weight.detach().double() for weight in surface.weights))
