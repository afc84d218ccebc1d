"""Ranks of numbers, and how far two orders agree."""

import torch
from torch import Tensor


def average_ranks(values: Tensor) -> Tensor:
    """(N,) float64: how many of values (N,) are smaller than each, with half of the others that equal it."""
    _, places, counts = values.unique(return_inverse=True, return_counts=True)
    before = counts.cumsum(0) - counts
    return (before + (counts - 1) / 2.0).double()[places]


def spearman(a: Tensor, b: Tensor) -> float:
    """The correlation of ranks of a (N,) and b (N,), ties sharing theirs; nan where either is constant."""
    first, second = (ranks - ranks.mean() for ranks in (average_ranks(a), average_ranks(b)))
    return float((first @ second) / (first.norm() * second.norm()).where(first.norm() * second.norm() > 0, torch.nan))
