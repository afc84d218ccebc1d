"""Propensity-scored precision at 5: rare labels count more, as much as they are likelier to be missing in the data."""

from torch import Tensor

from pipeline.ops.ranked_labels import first, inverse_propensities

LABEL = "PSP@5 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores: Tensor, positives: Tensor, label_counts: Tensor, train_queries: int) -> Tensor:
    """Of scores (N, L), positives (N, L), zeros and ones, and how many of the training queries show each label, (L,).

    As is usual, the sum of 1/p_l over right labels among the first five of all queries, against the greatest there
    could be; values are a query's part of that, times N.
    """
    weights = inverse_propensities(label_counts, train_queries)
    places, hits = first(scores, positives, 5)
    got = (weights[places] * hits).sum(1)
    best = (weights * positives).topk(min(5, scores.shape[1]), dim=1).values.sum(1)
    return 100.0 * got / best.mean()
