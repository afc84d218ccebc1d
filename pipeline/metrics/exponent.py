"""Slope of a quantity's logarithm over the logarithm of the size, in each repetition."""

from torch import Tensor

from pipeline.ops.quantities import of_kind

LABEL = "Exponent"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of what a check sums up of each repetition, the (R,) values that are named after it, by suffix."""
    return of_kind("exponent", quantities)
