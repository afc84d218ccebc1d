"""Average precision with errors on known inputs as positive ("AUPR Err" of Hendrycks and Gimpel 2017)."""

from pipeline.ops.detection import aupr, of_groups
from pipeline.ops.resampling import TEST, Array, Counts

LABEL = "AUPR of errors (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, scores_known: Array, right: Array) -> Array:
    """Of scores (N,) of known inputs and whether they are predicted right (N,) bool.

    Its value at chance is the share of errors.
    """
    return of_groups(aupr, -scores_known, ~right, counts(TEST, len(right)))
