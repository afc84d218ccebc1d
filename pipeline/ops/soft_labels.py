"""Targets that leave a share of the probability to the wrong classes, all alike."""

import math

import torch.nn.functional as F
from torch import Tensor


def softened(labels: Tensor, classes: int, kept: float) -> Tensor:
    """(B, K) float64 targets of labels (B,): `kept` for the true class, (1 - kept) / (K - 1) for each other."""
    true = F.one_hot(labels, classes).double()
    return kept * true + (1 - kept) / (classes - 1) * (1 - true)


def kept_at(entropy: float, classes: int) -> float:
    """What `softened` must keep for its targets to have this entropy, in nats; by bisection of [1 / K, 1]."""
    low, high = 1 / classes, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if entropy_of(middle, classes) > entropy:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def entropy_of(kept: float, classes: int) -> float:
    """-sum_k t_k log t_k, in nats, of a target of `softened`."""
    left = 1 - kept
    return -sum(p * math.log(q) for p, q in ((kept, kept), (left, left / (classes - 1))) if p > 0)
