"""Accuracy on the class that has the lowest, among those that occur in the test split."""

import numpy as np

from pipeline.ops.resampling import TEST, Array, Counts, mean

LABEL = "Worst-class top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, predictions: Array, labels: Array) -> Array:
    """Of classes predicted (N,) and labels (N,)."""
    right, drawn = predictions == labels, counts(TEST, len(labels))
    return 100.0 * np.min([mean(right[labels == c], drawn[labels == c]) for c in np.unique(labels)], axis=0)
