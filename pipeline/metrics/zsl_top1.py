"""Accuracy on images of unseen classes when only these are to choose from, averaged over classes."""

from pipeline.ops.resampling import TEST, Array, Counts
from pipeline.ops.seen_unseen import class_average

LABEL = "Zero-shot top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, right_within: Array, labels: Array, of_seen: Array) -> Array:
    """Of (N,) whether the right class is the best of its own kind, labels, and which are of seen classes."""
    return class_average(right_within[~of_seen], labels[~of_seen], counts(TEST, len(labels))[~of_seen])
