"""Accuracy on the training inputs whose labels were not given, after training."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.class_scores import top1
from pipeline.ops.pseudo_labels import pseudo_labels

LABEL = "Unlabelled top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = "class"


def compute(unlabelled_logits: Tensor | None, unlabelled_labels: Tensor) -> dict[str, Tensor | float | Absent]:
    """Of logits (M, K) and labels (M,); `_sure` is that of FixMatch's pseudo-labels among the predictions."""
    if unlabelled_logits is None:
        raise Absent("no training input is without its label")
    predictions, sure = pseudo_labels(unlabelled_logits)
    right = top1(predictions, unlabelled_labels)
    return {"": right, "sure": float(right[sure].mean()) if sure.any() else Absent("no prediction is sure")}
