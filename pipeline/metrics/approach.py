"""How much nearer an attack brings images to their target images in the features of an encoder it never asks."""

from torch import Tensor

LABEL = "Approach"
UNIT = ""
BOUNDS = (-2.0, 2.0)
DIRECTION = "higher"


def compute(approach: Tensor) -> Tensor:
    """(N,) differences of cosines."""
    return approach
