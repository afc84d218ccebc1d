"""Recall at 1: the share of images of unseen classes whose most similar other image is of their class."""

from torch import Tensor

LABEL = "Recall@1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(
    hits: Tensor, relevant: Tensor, seen_hits: Tensor | None, seen_relevant: Tensor | None
) -> dict[str, Tensor]:
    """Of hits (N, R), whether the i-th most similar image is of the query's class, and how many others are (N,).

    Queries that are alone in their class are left out. "seen": the same of held-out images of classes that were trained
    on, looked up among as many classes.
    """
    found = {"": recall(hits, relevant)}
    return found if seen_hits is None or seen_relevant is None else {**found, "seen": recall(seen_hits, seen_relevant)}


def recall(hits: Tensor, relevant: Tensor) -> Tensor:
    return 100.0 * hits[relevant > 0, 0].double()
