"""How far the tail exponents of layers' spectra lie apart, by submatrices of one aspect ratio."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.spectral_exponents import plain, spread, windowed

LABEL = "Spread of alpha over layers"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None
SIDE, PER_SIDE = 100, 9


def compute(layer_weights: list[Tensor], start_weights: list[Tensor]) -> dict[str, float]:
    """The standard deviation; `plain`, with exponents of whole spectra, and `start`, of the encoder before training."""
    found = {}
    for name, weights in (("", layer_weights), ("start", start_weights)):
        if len(weights) < 2:
            raise Absent("there are fewer than two layers with a spectrum")
        found[name] = spread([windowed(weight, SIDE, PER_SIDE) for weight in weights])
        found[f"plain_{name}".rstrip("_")] = spread([plain(weight) for weight in weights])
    return found
