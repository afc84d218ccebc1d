"""How well a score separates known from unknown inputs; higher scores mean known, and known is the positive class.

A measure is of scores known (N,) and unknown (M,), of which each counts as often as (N, R) and (M, R) say. It is (R,)
in percent, and NaN where a side that it needs has none.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import Absent
from pipeline.ops.resampling import Array, Counts, once

if TYPE_CHECKING:
    from torch import Tensor

Measure = Callable[[Array, Array, Array, Array], Array]


def auroc(known: Array, unknown: Array, of_known: Array, of_unknown: Array) -> Array:
    """Area under the ROC curve: the Mann-Whitney probability that a known input outscores an unknown, ties half."""
    order = np.argsort(known)
    known, of_known = known[order], of_known[order]
    ranked, below = _below(unknown, of_unknown)
    left, right = (np.searchsorted(ranked, known, side=side) for side in ("left", "right"))
    exceeded = below[left] + (below[left] if (left == right).all() else below[right])
    pairs = of_known.sum(0, dtype=np.float64) * below[-1]
    return 50.0 * _ratio(np.einsum("nr,nr->r", of_known, exceeded, dtype=np.float64), pairs)


def aupr(known: Array, unknown: Array, of_known: Array, of_unknown: Array) -> Array:
    """Average precision with known as positive ("AUPR-In"): sum_n (R_n - R_{n-1}) P_n.

    R and P are taken at every distinct score, from the highest; nothing is interpolated. That is the mean over known
    inputs of the precision at their own score. Its value at chance is the share of known inputs, so only sets of one
    size ratio compare.
    """
    ordered, below = _below(known, of_known)
    ranked, others_below = _below(unknown, of_unknown)
    hits = below[-1] - below[np.searchsorted(ordered, ordered)]
    accepted = hits + others_below[-1] - others_below[np.searchsorted(ranked, ordered)]
    precision = np.divide(hits, accepted, out=np.zeros(hits.shape), where=accepted > 0)
    return 100.0 * _ratio(np.einsum("nr,nr->r", np.diff(below, axis=0), precision), below[-1])


def fpr95(known: Array, unknown: Array, of_known: Array, of_unknown: Array) -> Array:
    """Percent of unknown inputs accepted at the threshold that accepts 95% of known ones.

    The threshold is the highest known score t such that at least 95% of known scores are >= t: the ceil(0.95 N)-th
    highest. Scores equal to t are accepted. A draw has a threshold of its own.
    """
    ordered, below = _below(known, of_known)
    # of the scores in ascending order the last that has enough at or above it
    place = (below[:-1] <= 5 * below[-1].astype(np.int64) // 100).sum(0) - 1
    ranked, others_below = _below(unknown, of_unknown)
    rejected = others_below[np.searchsorted(ranked, ordered[place]), np.arange(len(place))]
    return 100.0 * _ratio(others_below[-1] - rejected, others_below[-1])


def single(measure: Measure, known: "Tensor", unknown: "Tensor") -> float:
    """A measure of scores (N,) and (M,), each counting once."""
    sides = [scores.detach().cpu().numpy() for scores in (known, unknown)]
    return float(measure(*sides, *(once("", len(scores)) for scores in sides))[0])


def of_groups(measure: Measure, scores: Array, positive: Array, counts: Array) -> Array:
    """The measure where the sides are groups of one sample: positive (N,) bool or not.

    Raises Absent where all are alike.
    """
    if positive.all() or not positive.any():
        raise Absent("it compares right with wrong ones, and all are alike")
    return measure(scores[positive], scores[~positive], counts[positive], counts[~positive])


def by_set(measure: Measure, counts: Counts, known: Array, unknown: Mapping[str, Array] | None) -> dict[str, Array]:
    """The measure of each set of unknown scores, and under "" their mean, each set counting alike whatever its size.

    Known inputs and each set are drawn by themselves. Raises Absent where there is no set, or one is empty, and
    ValueError where a score is NaN.
    """
    if not unknown:
        raise Absent("there are no unknown inputs")
    for name, scores in {"known": known, **unknown}.items():
        if not len(scores):
            raise Absent(f"there are no {name.replace('_', ' ')} inputs")
        if np.isnan(scores).any():
            raise ValueError(f"scores of '{name}': {len(scores)} given, {int(np.isnan(scores).sum())} of them NaN")
    found = {
        name: measure(known, scores, counts("known", len(known)), counts(name, len(scores)))
        for name, scores in unknown.items()
    }
    return {"": np.mean(list(found.values()), axis=0), **found}


def _below(scores: Array, counts: Array) -> tuple[Array, Array]:
    """Scores (N,) in ascending order, and (N + 1, R) how many are before each place in it; last, how many in all."""
    order = np.argsort(scores)
    total = np.zeros((len(scores) + 1, counts.shape[1]), dtype=np.int32)
    total[1:] = counts[order]
    return scores[order], np.add.accumulate(total, axis=0, out=total)


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
