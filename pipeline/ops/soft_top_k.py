"""A smooth top-k: a sigmoid of each score above one threshold, set so that they add up to k."""

import torch
import torch.nn.functional as F
from torch import Tensor

ROUNDS = 40
"""Of bisection; in float32 an interval of some dozens is at its end after about thirty."""


def log_top_k(scores: Tensor, k: float, alpha: float) -> Tensor:
    """log sigmoid(alpha (s_j + t)) (B, L) of scores s (B, L), with t (B, 1) such that sum_j sigmoid(...) = k.

    The threshold is found by bisection. Its gradient is that of the implicit function, dt/ds_j = -v_j / sum v with
    v = alpha sigmoid'(alpha (s + t)): one step of Newton's method from the solution has the same value and that
    gradient.
    """
    if not 0 < k < scores.shape[1]:
        raise ValueError(f"the first {k} of {scores.shape[1]}")
    given = scores.detach()
    low, high = -given.amax(1, keepdim=True) - 20 / alpha, -given.amin(1, keepdim=True) + 20 / alpha
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        above = torch.sigmoid(alpha * (given + middle)).sum(1, keepdim=True) >= k
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    threshold = (low + high) / 2
    soft = torch.sigmoid(alpha * (scores + threshold))
    slope = (alpha * soft * (1 - soft)).detach().sum(1, keepdim=True)
    total = soft.sum(1, keepdim=True)
    threshold = threshold - (total - total.detach()) / slope.clamp_min(1e-12)
    return F.logsigmoid(alpha * (scores + threshold))
