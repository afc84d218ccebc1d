"""How well a score of the labels ranks right above wrong training labels."""

from torch import Tensor

from pipeline.ops.detection import auroc

LABEL = "AUROC of right labels (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(label_scores: Tensor, wrong_labels: Tensor | None) -> float | None:
    """Of scores (M,), higher for training labels that look right, and which of them are wrong (M,) bool."""
    if wrong_labels is None or not wrong_labels.any() or wrong_labels.all():
        return None
    return auroc(label_scores[~wrong_labels].double(), label_scores[wrong_labels].double())
