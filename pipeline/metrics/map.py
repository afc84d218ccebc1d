"""Mean over classes of average precision: how well the examples of each class are ranked."""

import numpy as np

from pipeline.errors import Absent
from pipeline.ops.detection import aupr
from pipeline.ops.resampling import TEST, Array, Counts

LABEL = "mAP (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, logits: Array, positives: Array) -> Array:
    """Of logits (N, K) and labels (N, K), above zero for the classes that an example has; over classes that occur."""
    present, drawn = positives > 0, counts(TEST, len(logits))
    columns = [(scores, has) for scores, has in zip(logits.T, present.T, strict=True) if has.any()]
    if not columns:
        raise Absent("no test example has a class")
    return np.nanmean([aupr(s[has], s[~has], drawn[has], drawn[~has]) for s, has in columns], axis=0)
