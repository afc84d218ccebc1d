"""Robust overfitting: accuracy under attack on training images less that on test images."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Robust gap (points)"
UNIT = "points"
BOUNDS = (-100.0, 100.0)
DIRECTION = "lower"


def compute(pgd_train_logits: Tensor, pgd_train_labels: Tensor, pgd_logits: Tensor, labels: Tensor) -> float:
    """Of logits (M, K) and (N, K) of training and test images that projected gradient ascent has moved."""
    seen = top1(pgd_train_logits.argmax(1), pgd_train_labels).mean()
    return float(seen - top1(pgd_logits.argmax(1), labels).mean())
