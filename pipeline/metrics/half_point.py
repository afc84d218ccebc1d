"""The size, or another parameter, at which a probability of success crosses one half."""

from torch import Tensor

from pipeline.ops.quantities import of_kind

LABEL = "Half point"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of what a check sums up of each repetition, the (R,) values that are named after it, by suffix."""
    return of_kind("half_point", quantities)
