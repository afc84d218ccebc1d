"""The mean loss of the class whose test examples have the greatest."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Worst-class loss"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(test_losses: Tensor, groups: Tensor | None) -> float:
    """Of losses and classes (N,)."""
    if groups is None:
        raise Absent("labels are numbers")
    return max(float(test_losses[groups == each].mean()) for each in groups.unique())
