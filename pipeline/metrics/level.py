"""A quantity as it is, of which a theorem says a number or a bound."""

from torch import Tensor

from pipeline.ops.quantities import of_kind

LABEL = "Level"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of what a check sums up of each repetition, the (R,) values that are named after it, by suffix."""
    return of_kind("level", quantities)
