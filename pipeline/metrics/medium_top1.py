"""Accuracy on the third of the classes that are middling in training."""

from torch import Tensor

from pipeline.ops.frequency import top1_of

LABEL = "Medium-shot top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(predictions: Tensor, labels: Tensor, class_counts: tuple[int, ...]) -> Tensor:
    """Of classes predicted (N,), labels (N,) and the training examples of each class; values of those classes alone."""
    return top1_of("medium", predictions, labels, class_counts)
