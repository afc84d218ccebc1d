"""Accuracy on images of unseen classes when seen and unseen ones are to choose from, averaged over classes."""

from pipeline.ops.resampling import TEST, Array, Counts
from pipeline.ops.seen_unseen import accuracies

LABEL = "Unseen (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, lead: Array, right_within: Array, labels: Array, of_seen: Array) -> Array:
    """Of the lead (N,) of seen classes, whether the right class is the best of its kind, labels, and which are seen."""
    return accuracies(lead, right_within, labels, of_seen, counts(TEST, len(labels)))[1]
