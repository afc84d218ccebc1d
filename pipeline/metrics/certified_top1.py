"""Accuracy of a certified classifier's answers, whatever their radius; to abstain is to be wrong."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Right answers (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(answers: Tensor, certified_labels: Tensor) -> Tensor:
    """(M,) of answers and labels."""
    return top1(answers, certified_labels)
