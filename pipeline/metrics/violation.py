"""Share of repetitions in which a quantity is beyond the bound that a theorem gives for it."""

from torch import Tensor

from pipeline.ops.quantities import of_kind

LABEL = "Violations"
UNIT = ""
BOUNDS = (0.0, 1.0)
DIRECTION = "lower"


def compute(quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of what a check sums up of each repetition, the (R,) values that are named after it, by suffix."""
    return of_kind("violation", quantities)
