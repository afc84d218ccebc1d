"""Codes of variational auto-encoders: Gaussians of independent dimensions."""

from typing import NamedTuple

import torch
from torch import Tensor


class Code(NamedTuple):
    """N(mean, diag(exp(log_variance))), (B, D) each."""

    mean: Tensor
    log_variance: Tensor

    @property
    def deviation(self) -> Tensor:
        return (self.log_variance / 2).exp()


def sampled(code: Code, generator: torch.Generator | None = None) -> Tensor:
    """(B, D) one draw of each, through which gradients pass; drawn on the CPU where a generator is given."""
    if generator is None:
        noise = torch.randn_like(code.mean)
    else:
        noise = torch.randn(code.mean.shape, generator=generator, dtype=code.mean.dtype).to(code.mean.device)
    return code.mean + code.deviation * noise


def from_unit(code: Code) -> Tensor:
    """(B,) Kullback-Leibler divergence from N(0, I): sum_d (mu^2 + sigma^2 - 1 - log sigma^2) / 2."""
    return (code.mean.square() + code.log_variance.exp() - 1 - code.log_variance).sum(1) / 2


def wasserstein(first: Code, second: Code) -> Tensor:
    """(B,) 2-Wasserstein distances: (|mu_1 - mu_2|^2 + |sigma_1 - sigma_2|^2)^(1/2), gradient 0 where they meet."""
    squares = (first.mean - second.mean).square() + (first.deviation - second.deviation).square()
    total = squares.sum(1)
    return torch.where(total > 0, total.clamp_min(1e-30).sqrt(), total)
