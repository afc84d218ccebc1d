"""What was measured over what a theorem predicts, less 1; where the prediction is 0, what was measured."""

from torch import Tensor

from pipeline.ops.quantities import of_kind

LABEL = "Deviation"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of what a check sums up of each repetition, the (R,) values that are named after it, by suffix."""
    return of_kind("deviation", quantities)
