"""The share of images to which a certified classifier gives no answer."""

from torch import Tensor

LABEL = "Abstained (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(answers: Tensor) -> Tensor:
    """(M,) of answers, -1 for none."""
    return 100.0 * (answers < 0).double()
