"""How well a score separates known from unknown inputs; higher scores mean known, and known is the positive class."""

from collections.abc import Callable

import torch
from torch import Tensor


def placements(known: Tensor, unknown: Tensor) -> Tensor:
    """(N_known,) percent of unknown scores that each known score exceeds, ties counting half."""
    ordered = unknown.sort().values
    below = torch.searchsorted(ordered, known, right=False)
    not_above = torch.searchsorted(ordered, known, right=True)
    return 50.0 * (below + not_above).double() / len(unknown)


def auroc(known: Tensor, unknown: Tensor) -> float:
    """Area under the ROC curve in percent: the Mann-Whitney probability that a known input outscores an unknown."""
    return float(placements(known, unknown).mean())


def aupr(known: Tensor, unknown: Tensor) -> float:
    """Average precision in percent with known as positive ("AUPR-In"): sum_n (R_n - R_{n-1}) P_n.

    R and P are taken at every distinct score, from the highest; nothing is interpolated. Its value at chance is the
    share of known inputs, so only sets of one size ratio compare.
    """
    known, unknown = known.sort().values, unknown.sort().values
    thresholds = torch.cat([known, unknown]).unique().flip(0)
    hits = len(known) - torch.searchsorted(known, thresholds)
    alarms = len(unknown) - torch.searchsorted(unknown, thresholds)
    recall = hits.double() / len(known)
    return 100.0 * float((recall.diff(prepend=recall.new_zeros(1)) * hits / (hits + alarms)).sum())


def false_positives(known: Tensor, unknown: Tensor) -> Tensor:
    """(N_unknown,) 100 where an unknown input is accepted at the threshold that accepts 95% of known ones, else 0.

    The threshold is the highest known score t such that at least 95% of known scores are >= t: the ceil(0.95 N)-th
    highest. Scores equal to t are accepted.
    """
    rank = -(-95 * len(known) // 100)
    threshold = known.sort(descending=True).values[rank - 1]
    return 100.0 * (unknown >= threshold).double()


def fpr95(known: Tensor, unknown: Tensor) -> float:
    """Percent of unknown inputs accepted at 95% true positive rate; see `false_positives`."""
    return float(false_positives(known, unknown).mean())


def by_set(
    measure: Callable[[Tensor, Tensor], float], known: Tensor, unknown: dict[str, Tensor]
) -> tuple[float, dict[str, float]]:
    """The measure's mean over the sets of unknown scores, each counting alike whatever its size, and each set's.

    Raises ValueError where a score is NaN or a set is empty.
    """
    for name, scores in {"known": known, **unknown}.items():
        if not len(scores) or scores.isnan().any():
            raise ValueError(f"scores of '{name}': {len(scores)} given, {int(scores.isnan().sum())} of them NaN")
    found = {name: measure(known, scores) for name, scores in unknown.items()}
    return sum(found.values()) / len(found), found
