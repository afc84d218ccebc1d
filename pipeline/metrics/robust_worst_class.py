"""Robust accuracy on the class that has the lowest (Xu et al. 2021; Lee et al. 2024)."""

import numpy as np

from pipeline.ops.resampling import TEST, Array, Counts, class_means

LABEL = "Worst-class robust (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, aa_classes: Array, predictions: Array, labels: Array) -> Array:
    """Of classes predicted of images as they are (N,) and under the ensemble of attacks (N,)."""
    right = (predictions == labels) & (aa_classes == labels)
    return 100.0 * np.min(class_means(right, labels, counts(TEST, len(labels))), axis=0)
