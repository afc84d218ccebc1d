"""Accuracy on the class that has the lowest, among those that occur in the test split."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Worst-class top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(predictions: Tensor, labels: Tensor) -> float:
    """Of classes predicted (N,) and labels (N,)."""
    right = top1(predictions, labels)
    return min(float(right[labels == c].mean()) for c in labels.unique())
