"""Precision at 1: of a query's first label, the share of queries where it is right."""

from torch import Tensor

from pipeline.ops.ranked_labels import precision

LABEL = "P@1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores: Tensor, positives: Tensor) -> Tensor:
    """Of scores (N, L) and positives (N, L), zeros and ones."""
    return precision(scores, positives, 1)
