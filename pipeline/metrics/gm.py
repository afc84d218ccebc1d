"""Geometric mean of absolute errors, which a few large ones hardly move (Yang et al. 2021)."""

import numpy as np

from pipeline.ops.resampling import TEST, Array, Counts, mean

LABEL = "Geometric mean error (degrees)"
UNIT = "degrees"
BOUNDS = (0.0, None)
DIRECTION = "lower"

FLOOR = 0.01
"""Errors below it count as so much, since a single exact prediction would make the mean zero."""


def compute(counts: Counts, predictions: Array, targets: Array) -> Array:
    """Of predictions and targets (N,), in float64."""
    errors = np.abs(predictions.astype(np.float64) - targets)
    return np.exp(mean(np.log(errors.clip(FLOOR)), counts(TEST, len(errors))))
