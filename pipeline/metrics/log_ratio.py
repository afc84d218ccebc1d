"""The natural logarithm of the quotient of two sides: 0 where they are alike."""

from torch import Tensor

from pipeline.ops.quantities import of_kind

LABEL = "Log ratio"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of what a check sums up of each repetition, the (R,) values that are named after it, by suffix."""
    return of_kind("log_ratio", quantities)
