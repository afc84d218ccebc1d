"""How well a score of the labels ranks right above wrong training labels."""

from pipeline.ops.detection import auroc, of_groups
from pipeline.ops.label_noise import some_wrong
from pipeline.ops.resampling import TRAIN, Array, Counts

LABEL = "AUROC of right labels (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = 50.0


def compute(counts: Counts, label_scores: Array, wrong_labels: Array | None) -> Array:
    """Of scores (M,), higher for training labels that look right, and which of them are wrong (M,) bool."""
    wrong = some_wrong(wrong_labels)
    return of_groups(auroc, label_scores, ~wrong, counts(TRAIN, len(wrong)))
