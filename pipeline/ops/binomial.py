"""Exact bounds of a share by the counts of draws (Clopper and Pearson 1934), and an exact test; all in float64."""

import math

import torch
from torch import Tensor

STEPS = 50
"""Towards a bound at most: bisections alone would bring it to 1e-15."""
TERMS = 20_000
"""Of the continued fraction at most; about the root of the greater parameter are needed."""


def incomplete_beta(a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """The regularised incomplete beta function I_x(a, b), float64 of a, b > 0 and 0 <= x <= 1, all of one shape.

    By its continued fraction (Lentz's way), on the side of the mean where that converges fast.
    """
    a, b, x = a.double(), b.double(), x.double()
    turned = x > (a + 1) / (a + b + 2)
    p, q = torch.where(turned, b, a), torch.where(turned, a, b)
    at = torch.where(turned, 1 - x, x)
    scale = torch.lgamma(p + q) - torch.lgamma(p) - torch.lgamma(q) + torch.xlogy(p, at) + torch.xlogy(q, 1 - at)
    found = scale.exp() * _fraction(p, q, at) / p
    return torch.where(turned, 1 - found, found)


def _fraction(a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """1 / (1 + d_1 / (1 + d_2 / (1 + ...))), formula 26.5.8 of Abramowitz and Stegun."""
    c, d = torch.ones_like(x), (1 - (a + b) * x / (a + 1)).reciprocal()
    value = d
    for m in range(1, TERMS):
        before = value
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = (1 + term * d).reciprocal()
            c = 1 + term / c
            value = value * c * d
        if m % 8 == 0 and bool(((value - before).abs() <= 1e-14 * value.abs()).all()):
            break
    return value


def lower_bound(counts: Tensor, draws: int, error: float) -> Tensor:
    """(...) float64: the share that is no greater than the true one, but with probability `error`.

    Of so many draws those that `counts` tell, whole numbers, were hits. It is the share at which as many hits or more
    have the probability `error`, the quantile of Beta(k, n - k + 1); 0 without a hit. Found by bisection, with a step
    of Newton's on the logarithm in place of the middle where that stays inside.
    """
    found, places = counts.double().unique(return_inverse=True)
    a, b = found.clamp_min(1), draws - found.clamp_min(1) + 1
    log_area = torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)
    low, high = torch.zeros_like(found), torch.ones_like(found)
    at = a / (a + b)
    for _ in range(STEPS):
        tail = incomplete_beta(a, b, at)
        low, high = torch.where(tail < error, at, low), torch.where(tail < error, high, at)
        density = (torch.xlogy(a - 1, at) + torch.xlogy(b - 1, 1 - at) - log_area).exp()
        step = (math.log(error) - tail.log()) * tail / density
        ahead = at + step
        # a last step may end on the bound that the step before has set
        settled = (step.abs() < 1e-13) | (high - low < 1e-14)
        inside = (ahead > low) & (ahead < high)
        at = torch.where(settled, at, torch.where(inside, ahead, (low + high) / 2))
        if bool(settled.all()):
            break
    return torch.where(found > 0, at, 0.0)[places]


def upper_bound(counts: Tensor, draws: int, error: float) -> Tensor:
    """(...) float64: the share that is no less than the true one, but with probability `error`."""
    return 1 - lower_bound(draws - counts, draws, error)


def surely_more(first: Tensor, second: Tensor, error: float) -> Tensor:
    """(...) bool: whether a two-sided binomial test tells the greater count from the lesser one.

    Were both as likely, so great a difference would have at most the probability `error`.
    """
    total = (first + second).double()
    most = torch.maximum(first, second).double()
    tail = incomplete_beta(most.clamp_min(1), (total - most + 1).clamp_min(1), torch.full_like(total, 0.5))
    return (total > 0) & (2 * tail <= error)
