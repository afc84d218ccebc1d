"""Share of targets inside the middle 90% of the predicted distribution, and how far that share is from 90%."""

import numpy as np

from pipeline.ops.distributions import spread
from pipeline.ops.resampling import TEST, Array, Counts, mean

LABEL = "Coverage of 90% intervals (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None

HALF = 1.6448536269514722
"""Deviations from the mean of a normal distribution within which 90% of it lie."""


def compute(counts: Counts, predictions: Array, deviations: Array | None, targets: Array) -> dict[str, Array]:
    """Of normal distributions by mean and standard deviation, at targets (N,): itself, and "gap" in points."""
    inside = np.abs(targets - predictions.astype(np.float64)) <= HALF * spread(deviations).astype(np.float64)
    share = 100.0 * mean(inside, counts(TEST, len(inside)))
    return {"": share, "gap": np.abs(share - 90)}
