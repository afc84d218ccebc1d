"""Balanced assignment of samples to clusters."""

import torch
from torch import Tensor


@torch.no_grad()
def balanced_codes(scores: Tensor, epsilon: float, iterations: int) -> Tensor:
    """Soft assignments Q (B, K) with rows that sum to 1 and columns that tend to B / K each.

    Sinkhorn-Knopp: exp(scores / epsilon), then, so many times, columns and rows scaled to their sums in turn.
    Rows come last, so each sample's code is exactly a distribution and balance is approximate.
    """
    # one shift for all entries, which the scaling cancels, keeps exp in range
    codes = torch.exp((scores.float() - scores.max()) / epsilon)
    for _ in range(iterations):
        codes = codes / codes.sum(0).clamp_min(torch.finfo(codes.dtype).tiny)
        codes = codes / codes.sum(1, keepdim=True).clamp_min(torch.finfo(codes.dtype).tiny)
    return codes
