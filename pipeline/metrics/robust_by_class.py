"""Robust accuracy of each class, and its mean over classes."""

import numpy as np

from pipeline.ops.resampling import TEST, Array, Counts, class_means

LABEL = "Robust by class (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, aa_classes: Array, predictions: Array, labels: Array) -> dict[str, Array]:
    """By class as a suffix (`_0`); of classes predicted of images as they are and under all attacks (N,)."""
    right = (predictions == labels) & (aa_classes == labels)
    found = class_means(right, labels, counts(TEST, len(labels)))
    named = {str(c): 100.0 * values for c, values in zip(np.unique(labels), found, strict=True)}
    return {"": np.mean(list(named.values()), axis=0), **named}
