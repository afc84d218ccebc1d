"""Probability that a rightly predicted known input outscores a wrongly predicted one."""

from pipeline.ops.detection import auroc, of_groups
from pipeline.ops.resampling import TEST, Array, Counts

LABEL = "AUROC of errors (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = 50.0


def compute(counts: Counts, scores_known: Array, right: Array) -> Array:
    """Of scores (N,) of known inputs and whether they are predicted right (N,) bool."""
    return of_groups(auroc, scores_known, right, counts(TEST, len(right)))
