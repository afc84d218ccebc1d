"""Second moments of embeddings over a batch, in float32 also where the rest of a step is in bf16."""

import torch
from torch import Tensor


def covariance(z: Tensor) -> Tensor:
    """(D, D) unbiased covariance of embeddings (B, D)."""
    with torch.autocast(z.device.type, enabled=False):
        centred = z.float() - z.float().mean(0)
        return centred.T @ centred / (len(z) - 1)


def cross_correlation(z1: Tensor, z2: Tensor) -> Tensor:
    """(D, D) correlations over the batch of each dimension of z1 (B, D) with each of z2 (B, D).

    As from batch normalisation without scale and shift: a dimension that does not vary has correlations of zero.
    """
    with torch.autocast(z1.device.type, enabled=False):
        first, second = ((z - z.mean(0)) * (z.var(0, correction=0) + 1e-5).rsqrt() for z in (z1.float(), z2.float()))
        return first.T @ second / len(z1)


def off_diagonal_squares(matrix: Tensor) -> Tensor:
    """The sum of the squares of a matrix's entries off its diagonal."""
    return (matrix - matrix.diagonal().diag()).square().sum()
