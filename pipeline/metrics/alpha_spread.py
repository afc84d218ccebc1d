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
    """The standard deviation over layers: after training, before it (`_start`), and before it by whole spectra
    (`_plain_start`)."""
    if min(len(layer_weights), len(start_weights)) < 2:
        raise Absent("there are fewer than two layers with a spectrum")
    after, before = (
        spread([windowed(weight, SIDE, PER_SIDE) for weight in weights]) for weights in (layer_weights, start_weights)
    )
    return {"": after, "start": before, "plain_start": spread([plain(weight) for weight in start_weights])}
