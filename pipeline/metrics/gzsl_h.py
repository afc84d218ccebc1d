"""Harmonic mean of the accuracies on seen and on unseen classes when all are to choose from (Xian et al. 2017)."""

from pipeline.ops.resampling import TEST, Array, Counts
from pipeline.ops.seen_unseen import accuracies, harmonic

LABEL = "Harmonic mean (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, lead: Array, right_within: Array, labels: Array, of_seen: Array) -> Array:
    """Of the lead (N,) of seen classes, whether the right class is the best of its kind, labels, and which are seen."""
    return harmonic(*accuracies(lead, right_within, labels, of_seen, counts(TEST, len(labels))))
