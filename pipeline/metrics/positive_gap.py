"""Positive gap: how far a query's best and worst positives are apart."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Gap of positives"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(scores: Tensor, positives: Tensor) -> Tensor:
    """Of scores (N, L) and positives (N, L), zeros and ones; of queries with two positives or more."""
    several = positives.sum(1) > 1
    if not several.any():
        raise Absent("no query has two labels")
    own, scores = positives[several] > 0, scores[several].double()
    return scores.masked_fill(~own, float("-inf")).amax(1) - scores.masked_fill(~own, float("inf")).amin(1)
