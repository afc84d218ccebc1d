"""Accuracy: the share of test examples whose class is predicted."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = "class"


def compute(predictions: Tensor, labels: Tensor) -> Tensor:
    """Of classes predicted (N,) and labels (N,)."""
    return top1(predictions, labels)
