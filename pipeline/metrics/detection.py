"""How well a score separates known from unknown inputs; higher scores mean known, and known is the positive class."""

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


def detection_metrics(known: Tensor, unknown: dict[str, Tensor]) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Metrics of known scores (N,) against each named set of unknown scores, and values per example.

    Metrics in percent: `auroc_<set>`, `aupr_<set>`, `fpr95_<set>`, and `auroc`, `aupr`, `fpr95`, their means over
    sets, each set counting alike whatever its size.
    Examples: `auroc` (N_known,), each known input's placement averaged over sets; `fpr95` (sum of the sets' sizes,),
    sets in the given order: 0 or 100 N / (S n) for an input of a set of n among S sets with N inputs in all (100
    where sets are of one size), so that the plain mean of the array is the metric.
    Raises ValueError where a score is NaN or a set is empty.
    """
    for name, scores in {"known": known, **unknown}.items():
        if not len(scores) or scores.isnan().any():
            raise ValueError(f"scores of '{name}': {len(scores)} given, {int(scores.isnan().sum())} of them NaN")
    measures = {"auroc": auroc, "aupr": aupr, "fpr95": fpr95}
    by_set = {f"{m}_{name}": f(known, scores) for name, scores in unknown.items() for m, f in measures.items()}
    means = {m: sum(by_set[f"{m}_{name}"] for name in unknown) / len(unknown) for m in measures}
    total = sum(map(len, unknown.values()))
    examples = {
        "auroc": torch.stack([placements(known, scores) for scores in unknown.values()]).mean(0),
        "fpr95": torch.cat(
            [false_positives(known, scores) * total / (len(unknown) * len(scores)) for scores in unknown.values()]
        ),
    }
    return means | by_set, examples


def error_metrics(scores: Tensor, right: Tensor) -> dict[str, float]:
    """How well scores (N,) of known inputs tell right from wrong predictions, right (N,) bool; in percent.

    `error_auroc`: the probability that a right prediction outscores a wrong one. `error_aupr`: average precision with
    the errors as positive ("AUPR Err" of Hendrycks and Gimpel 2017), whose value at chance is the share of errors.
    Empty where all predictions are alike right or wrong, since then there is nothing to tell.
    """
    if right.all() or not right.any():
        return {}
    kept, wrong = scores[right], scores[~right]
    return {"error_auroc": auroc(kept, wrong), "error_aupr": aupr(-wrong, -kept)}
