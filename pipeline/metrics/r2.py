"""Share of the targets' variance that is explained: 1 is perfect, 0 is no better than the mean of the test targets."""

import numpy as np

from pipeline.errors import Absent
from pipeline.ops.resampling import TEST, Array, Counts, mean

LABEL = "R2"
UNIT = ""
BOUNDS = (None, 1.0)
DIRECTION = "higher"
CHANCE = 0.0


def compute(counts: Counts, predictions: Array, targets: Array) -> Array:
    """Of predictions and targets (N,), in float64."""
    drawn = counts(TEST, len(targets))
    # about their mean, since squares of large numbers would swallow the variance
    centred = targets - targets.mean(dtype=np.float64)
    if not centred.any():
        raise Absent("all test targets are alike")
    errors = mean((predictions.astype(np.float64) - targets) ** 2, drawn)
    variance = mean(centred**2, drawn) - mean(centred, drawn) ** 2
    return 1 - np.divide(errors, variance, out=np.full(errors.shape, np.nan), where=variance > 0)
