"""How far the class that is least robust lies below the mean over classes."""

import numpy as np

from pipeline.ops.resampling import TEST, Array, Counts, class_means

LABEL = "Class gap (points)"
UNIT = "points"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(counts: Counts, aa_classes: Array, predictions: Array, labels: Array) -> Array:
    """Of classes predicted of images as they are (N,) and under the ensemble of attacks (N,)."""
    right = (predictions == labels) & (aa_classes == labels)
    found = class_means(right, labels, counts(TEST, len(labels)))
    return 100.0 * (np.mean(found, axis=0) - np.min(found, axis=0))
