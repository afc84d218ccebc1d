"""Random codes: Gaussian with diagonal covariance, given by mean and log variance (B, D)."""

import torch
from torch import Tensor


def drawn(mean: Tensor, log_variance: Tensor) -> Tensor:
    """A code (B, D) of each image, differentiable in mean and log variance."""
    return mean + torch.randn_like(mean) * (log_variance / 2).exp()


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL of q(z|x) from the standard Gaussian, the mean over the batch."""
    return (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
