"""Accuracy on test images of the domains that the base has learned from: what fine-tuning has not made it forget."""

from torch import Tensor

LABEL = "Top-1 on the source (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = "class"


def compute(right_source: Tensor) -> Tensor:
    """Of whether the source's images (N,) are predicted right."""
    return 100.0 * right_source.double()
