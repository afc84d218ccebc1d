"""Root of the mean squared error."""

import numpy as np

from pipeline.ops.resampling import TEST, Array, Counts, mean

LABEL = "RMSE (target's unit)"
UNIT = "target's unit"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(counts: Counts, predictions: Array, targets: Array) -> Array:
    """Of predictions and targets (N,), in float64."""
    errors = predictions.astype(np.float64) - targets
    return np.sqrt(mean(errors**2, counts(TEST, len(errors))))
