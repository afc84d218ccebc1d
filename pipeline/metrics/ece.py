"""Expected calibration error: how far confidence is from accuracy, bin by bin (Guo et al. 2017, equation 3)."""

import numpy as np

from pipeline.ops.resampling import TEST, Array, Counts

LABEL = "ECE (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(counts: Counts, confidence: Array, predictions: Array, labels: Array) -> Array:
    """Of greatest probabilities (N,), the classes that have them (N,) and labels (N,)."""
    return calibration_error(confidence, predictions == labels, counts(TEST, len(labels)))


def calibration_error(confidence: Array, correct: Array, counts: Array, bins: int = 15) -> Array:
    """sum_b n_b / N |accuracy_b - mean confidence_b| in percent, of confidence (N,) in [0, 1] and correct (N,) bool.

    Each example counts as often as counts (N, R) say. Equal-width bins ((b - 1) / bins, b / bins]; a confidence of
    exactly 0 joins the first.
    """
    place = np.ceil(confidence.astype(np.float64) * bins).astype(np.int64).clip(1, bins) - 1
    gap = correct - confidence.astype(np.float64)
    sums = np.where(place == np.arange(bins)[:, None], gap, 0.0) @ counts
    return np.asarray(100.0 * np.abs(sums).sum(0) / counts.sum(0))
