"""Pairs within a batch: which are of one class, and means and exponential sums over some of them."""

import torch
from torch import Tensor


def same_and_different(labels: Tensor) -> tuple[Tensor, Tensor]:
    """(B, B) bool: pairs of two examples of one class, and pairs of two classes; both orders of each."""
    same = labels[:, None] == labels
    return same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device), ~same


def mean_of(values: Tensor, chosen: Tensor) -> Tensor:
    """The mean of the chosen values; 0, with a gradient of 0, of none."""
    return values.where(chosen, 0.0).sum() / chosen.sum().clamp_min(1)


def log_one_plus_sum(exponents: Tensor, chosen: Tensor, dim: int) -> Tensor:
    """log(1 + sum exp(x)) over the chosen ones along a dimension; 0, with a gradient of 0, of none."""
    kept = exponents.masked_fill(~chosen, -torch.inf)
    return torch.cat([kept, torch.zeros_like(kept.narrow(dim, 0, 1))], dim).logsumexp(dim)


def distances(cosines: Tensor) -> Tensor:
    """Euclidean ones of unit vectors with these cosines; held above 1e-4, since the gradient is infinite at 0."""
    return (2 - 2 * cosines).clamp_min(1e-8).sqrt()


def threshold_excess(cosines: Tensor, labels: Tensor, high: float, low: float) -> tuple[Tensor, Tensor]:
    """By how much cosines (B, B) fall short of `high` in pairs of one class, and exceed `low` in others, on average.

    The means are over the pairs that do, so that what is asked of a pair does not fade as others comply.
    """
    same, different = same_and_different(labels)
    near, far = high - cosines, cosines - low
    return mean_of(near, same & (near >= 0)), mean_of(far, different & (far >= 0))
