"""Cross-view recall at 1: the share of images of one view whose most similar image of the other is of their class."""

from torch import Tensor

LABEL = "Cross-view recall@1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(cross_hits: Tensor, cross_seen_hits: Tensor | None) -> dict[str, Tensor]:
    """Of hits (Q, R), whether the i-th most similar reference is of the query's class.

    "seen": the same of held-out images of classes that were trained on, looked up among as many classes.
    """
    found = {"": 100.0 * cross_hits[:, 0].double()}
    return found if cross_seen_hits is None else {**found, "seen": 100.0 * cross_seen_hits[:, 0].double()}
