"""Precision at 3: of a query's first three labels, the share that is right."""

from torch import Tensor

from pipeline.ops.ranked_labels import precision

LABEL = "P@3 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores: Tensor, positives: Tensor) -> Tensor:
    """Of scores (N, L) and positives (N, L), zeros and ones."""
    return precision(scores, positives, 3)
