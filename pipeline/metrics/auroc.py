"""Area under the ROC curve: the probability that a known input outscores an unknown one."""

from pipeline.ops.detection import auroc, by_set
from pipeline.ops.resampling import Array, Counts

LABEL = "AUROC (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = 50.0


def compute(counts: Counts, scores_known: Array, scores_unknown: dict[str, Array] | None) -> dict[str, Array]:
    """Of scores (N,) of known inputs and (n,) of each set of unknown ones: each set's, and their mean."""
    return by_set(auroc, counts, scores_known, scores_unknown)
