"""Share of unknown inputs accepted at the threshold that accepts 95% of known ones."""

from pipeline.ops.detection import by_set, fpr95
from pipeline.ops.resampling import Array, Counts

LABEL = "FPR95 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"
CHANCE = 95.0


def compute(counts: Counts, scores_known: Array, scores_unknown: dict[str, Array] | None) -> dict[str, Array]:
    """Of scores (N,) of known inputs and (n,) of each set of unknown ones: each set's, and their mean."""
    return by_set(fpr95, counts, scores_known, scores_unknown)
