"""Whitening: a linear map after which the dimensions of a set of vectors are uncorrelated, with variance 1."""

import torch
from torch import Tensor


def whitened(z: Tensor, epsilon: float = 0.0) -> Tensor:
    """L^-1 (z - mean) of sets of vectors (..., S, D), S more than D, with L L^T = (1 - epsilon) cov(z) + epsilon I.

    L is lower triangular (Cholesky) and cov the unbiased covariance over a set. In float64, since the covariance of
    embeddings may be all but singular; where it is singular, the result is nan.
    """
    with torch.autocast(z.device.type, enabled=False):
        centred = z.double()
        centred = centred - centred.mean(-2, keepdim=True)
        covariance = centred.mT @ centred / (z.shape[-2] - 1)
        identity = torch.eye(z.shape[-1], dtype=covariance.dtype, device=z.device)
        # cholesky_ex does not raise, so a run whose embeddings have collapsed is recorded as diverged
        factor, failed = torch.linalg.cholesky_ex((1 - epsilon) * covariance + epsilon * identity)
        factor = factor.masked_fill((failed > 0)[..., None, None], torch.nan)
        return torch.linalg.solve_triangular(factor, centred.mT, upper=False).mT.to(z.dtype)
