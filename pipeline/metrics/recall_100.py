"""Recall at 100: of a query's labels, the share that is among the first hundred."""

from torch import Tensor

from pipeline.ops.ranked_labels import recall

LABEL = "R@100 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores: Tensor, positives: Tensor) -> Tensor:
    """Of scores (N, L) and positives (N, L), zeros and ones; queries without a label are left out."""
    return recall(scores, positives, 100)
