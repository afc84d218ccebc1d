"""How far the tail exponents of layers' spectra lie apart before training, by their whole spectra."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.spectral_exponents import plain, spread

LABEL = "Spread of alpha over layers at the start, whole spectra"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(start_weights: list[Tensor]) -> float:
    """The standard deviation over layers."""
    if len(start_weights) < 2:
        raise Absent("there are fewer than two layers with a spectrum")
    return spread([plain(weight) for weight in start_weights])
