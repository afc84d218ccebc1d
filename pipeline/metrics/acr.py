"""Average certified radius (Zhai et al. 2020): the mean radius, 0 for images without a right and sure answer."""

from torch import Tensor

LABEL = "Average radius"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "higher"


def compute(certified_radii: Tensor) -> Tensor:
    """(M,)"""
    return certified_radii
