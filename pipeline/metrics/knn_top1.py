"""Accuracy of the nearest neighbours by cosine among the frozen features of training examples."""

from typing import Any

from torch import Tensor

from pipeline.ops.class_scores import top1
from pipeline.ops.probes import knn_predict

LABEL = "k-NN top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = "class"


def compute(
    bank: Tensor, bank_labels: Tensor, features: Tensor, labels: Tensor, num_classes: int, probe: Any
) -> Tensor:
    """Of bank (M, F) with bank_labels (M,) and features (N, F) with labels (N,); `probe.neighbours` vote."""
    return top1(knn_predict(bank, bank_labels, features, probe.neighbours, num_classes), labels)
