"""Eigenvalues of matrices that are not symmetric."""

import torch
from torch import Tensor


def spectral_radius(matrix: Tensor) -> float:
    """The largest absolute value of the eigenvalues of (n, n); infinite where entries are not finite."""
    if not matrix.isfinite().all():
        return float("inf")
    return float(torch.linalg.eigvals(matrix.detach().double()).abs().max())
