"""Ranking and decisions where an example has several labels."""

import torch
from torch import Tensor


def multi_label_metrics(logits: Tensor, labels: Tensor) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Metrics in percent of logits (N, K) against labels (N, K) of zeros and ones, and values per example.

    `map`: mean over the classes that occur of `average_precision`. Means over examples with labels, whose values (N,)
    are given as well: `lrap`, the label-ranking average precision, which ranks the classes of an image rather than the
    images of a class, and `f1` of the labels with logit > 0. Computed in float64.
    """
    logits, present = logits.double(), labels > 0
    ap = average_precision(logits, present)
    lrap = average_precision(logits.T, present.T)
    chosen = logits > 0
    f1 = 2.0 * (chosen & present).sum(1) / (chosen.sum(1) + present.sum(1)).clamp_min(1)
    examples = {"lrap": 100.0 * lrap, "f1": 100.0 * f1.double()}
    metrics = {name: float(values[present.any(1)].mean()) for name, values in examples.items()}
    return {"map": 100.0 * float(ap[present.any(0)].mean()), **metrics}, examples


def average_precision(scores: Tensor, positive: Tensor) -> Tensor:
    """(K,) of each column of scores (N, K) and positive (N, K) bool: sum_n (R_n - R_{n-1}) P_n over its thresholds.

    That is the mean over positives of the precision at their own score, ties included. 0 without positives.
    """
    found = []
    for column, mask in zip(scores.T, positive.T, strict=True):
        every, wanted = column.sort().values, column[mask].sort().values
        above = len(every) - torch.searchsorted(every, wanted)
        hits = len(wanted) - torch.searchsorted(wanted, wanted)
        found.append((hits / above.double()).sum() / max(1, len(wanted)))
    return torch.stack(found)
