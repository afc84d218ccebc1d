"""How far the tail exponents of layers' spectra lie apart, by submatrices of one aspect ratio."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.spectral_exponents import spread, windowed

LABEL = "Spread of alpha over layers"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None
SIDE, PER_SIDE = 100, 9


def compute(layer_weights: list[Tensor]) -> float:
    """The standard deviation over layers."""
    if len(layer_weights) < 2:
        raise Absent("there are fewer than two layers with a spectrum")
    return spread([windowed(weight, SIDE, PER_SIDE) for weight in layer_weights])
