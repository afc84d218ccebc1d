"""How far a bound lies beyond the quantity it is a bound of: the decimal logarithm of their quotient."""

from torch import Tensor

from pipeline.ops.quantities import of_kind

LABEL = "Looseness (log10)"
UNIT = "log10"
BOUNDS = (None, None)
DIRECTION = None


def compute(quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of what a check sums up of each repetition, the (R,) values that are named after it, by suffix."""
    return of_kind("looseness", quantities)
