"""Cross-view recall at 5: the share of images of one view with their class among the five most similar of the other."""

from torch import Tensor

LABEL = "Cross-view recall@5 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(cross_hits: Tensor) -> Tensor:
    """Of hits (Q, R), whether the i-th most similar reference is of the query's class; R is five where there are."""
    return 100.0 * cross_hits[:, :5].any(1).double()
