"""Recall at 1 of the third of images whose quality is worst, by what their making recorded."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.retrieval import third

LABEL = "Recall@1, worst quality (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(hits: Tensor, relevant: Tensor, degradations: Tensor | None) -> Tensor:
    """Of hits (N, R), whether the i-th most similar image is of the query's class, how many others are (N,), and
    degradations (N,), higher for worse."""
    if degradations is None:
        raise Absent("the data set records no quality")
    chosen = third(degradations, worst=True) & (relevant > 0)
    return 100.0 * hits[chosen, 0].double()
