"""How different the rows of a round are: the distance from each to its nearest, in the mean distance of the pool's."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Spacing within a round"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(bought_spacings: Tensor) -> float:
    """Mean of (M,) distances."""
    if not len(bought_spacings):
        raise Absent("no labels were bought")
    return float(bought_spacings.mean())
