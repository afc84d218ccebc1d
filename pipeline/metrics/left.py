"""Accuracy that an attack leaves: what is right as it is and as the attack has moved it."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Accuracy left (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(attacked_predictions: Tensor, predictions: Tensor, labels: Tensor) -> Tensor:
    """(N,) of classes predicted after and before the attack."""
    return top1(predictions, labels).minimum(top1(attacked_predictions, labels))
