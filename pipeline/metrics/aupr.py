"""Average precision with known inputs as the positive class ("AUPR-In")."""

from pipeline.ops.detection import aupr, by_set
from pipeline.ops.resampling import Array, Counts

LABEL = "AUPR (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, scores_known: Array, scores_unknown: dict[str, Array] | None) -> dict[str, Array]:
    """Of scores (N,) of known inputs and (n,) of each set of unknown ones: each set's, and their mean."""
    return by_set(aupr, counts, scores_known, scores_unknown)
