"""Accuracy on test images of the known classes under a shift of appearance."""

from torch import Tensor

LABEL = "Top-1 under shift (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = "class"


def compute(right_shifted: Tensor) -> Tensor:
    """Of whether the shifted images (N,) are predicted right."""
    return 100.0 * right_shifted.double()
