"""Precision at 5: of a query's first five labels, the share that is right."""

from torch import Tensor

from pipeline.ops.ranked_labels import precision

LABEL = "P@5 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores: Tensor, positives: Tensor) -> Tensor:
    """Of scores (N, L) and positives (N, L), zeros and ones."""
    return precision(scores, positives, 5)
