"""The probability that a method is less sure of an image of an unseen class than of one of a seen class."""

from pipeline.errors import Absent
from pipeline.ops.detection import auroc
from pipeline.ops.resampling import TEST, Array, Counts

LABEL = "AUROC of doubt (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = 50.0


def compute(counts: Counts, doubts: Array | None, of_seen: Array) -> Array:
    """Of doubts (N,) and which images are of seen classes."""
    if doubts is None:
        raise Absent("the method does not say how sure it is")
    drawn = counts(TEST, len(of_seen))
    return auroc(-doubts[of_seen], -doubts[~of_seen], drawn[of_seen], drawn[~of_seen])
