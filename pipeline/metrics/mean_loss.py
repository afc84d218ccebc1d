"""The loss of test examples."""

from torch import Tensor

LABEL = "Mean loss"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(test_losses: Tensor) -> Tensor:
    """Of losses (N,)."""
    return test_losses
