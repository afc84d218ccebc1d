"""Area under accuracy on seen classes against that on unseen ones, as seen classes are held back more and more."""

from pipeline.ops.resampling import TEST, Array, Counts
from pipeline.ops.seen_unseen import curve_area

LABEL = "AUSUC (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, lead: Array, right_within: Array, labels: Array, of_seen: Array) -> Array:
    """Of the lead (N,) of seen classes, whether the right class is the best of its kind, labels, and which are seen."""
    # sums of shares may exceed 100 in their last digit
    return curve_area(lead, right_within, labels, of_seen, counts(TEST, len(labels))).clip(0, 100)
