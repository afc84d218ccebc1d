"""Share of repetitions in which every part of a statement held."""

from torch import Tensor

from pipeline.ops.quantities import of_kind

LABEL = "Holds"
UNIT = ""
BOUNDS = (0.0, 1.0)
DIRECTION = "higher"


def compute(quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of what a check sums up of each repetition, the (R,) values that are named after it, by suffix."""
    return of_kind("holds", quantities)
