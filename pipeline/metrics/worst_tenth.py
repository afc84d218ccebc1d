"""The mean loss of the tenth of the test examples that have the greatest losses."""

import numpy as np

from pipeline.ops.resampling import TEST, Array, Counts

LABEL = "Worst-tenth loss"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"
SHARE = 0.1


def compute(counts: Counts, test_losses: Array) -> Array:
    """Of losses (N,); where the tenth ends within an example, it counts as far as it is inside."""
    order = np.argsort(-test_losses, kind="stable")
    drawn = counts(TEST, len(order)).astype(np.float64)[order]
    ends = drawn.cumsum(0)
    inside = np.clip(SHARE * ends[-1] - (ends - drawn), 0.0, drawn)
    return (inside * test_losses[order][:, None]).sum(0) / inside.sum(0)
