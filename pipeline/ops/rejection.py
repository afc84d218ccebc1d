"""Errors of verification as the images of least predicted quality are rejected: what the prediction is worth."""

import torch
from torch import Tensor

STEPS, MOST = 31, 0.3
"""Shares of images that are rejected: so many, evenly from none to the greatest."""
SHARES = torch.linspace(0, MOST, STEPS, dtype=torch.float64)


def errors(similarities: Tensor, labels: Tensor, threshold: float, qualities: Tensor) -> Tensor:
    """(STEPS,) float64: the share of pairs of one class that are not above the threshold, among the images kept.

    Of similarities (N, N), labels (N,) and qualities (N,); a pair is kept while both of its images are. The threshold
    stays. The share is 0 where no pair is left.
    """
    ranks = torch.empty_like(labels)
    ranks[qualities.argsort(stable=True)] = torch.arange(len(labels), device=labels.device)
    pairs = (labels[:, None] == labels).triu(1)
    worse = torch.minimum(ranks[:, None], ranks)[pairs]
    missed = similarities[pairs] <= threshold
    # by the rank of a pair's worse image, how many pairs there are from it on
    left, wrong = (
        torch.bincount(worse[of], minlength=len(labels) + 1).flip(0).cumsum(0).flip(0)
        for of in (torch.ones_like(missed), missed)
    )
    first = (SHARES * len(labels)).long().to(labels.device)
    return wrong[first].double() / left[first].clamp_min(1)


def mean_error(errors: Tensor) -> float:
    """The area below errors (STEPS,) by the trapezoidal rule, over the width, in percent."""
    return 100.0 * float((errors[1:] + errors[:-1]).mean() / 2)
