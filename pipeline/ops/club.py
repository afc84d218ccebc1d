"""An upper bound on mutual information (CLUB, Cheng et al. 2020), in its sampled form."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from pipeline.ops.heads import mlp


class CLUB(nn.Module):
    """Estimates I(given; target) by a Gaussian q(target | given) with diagonal covariance, (B, G) and (B, T)."""

    def __init__(self, given: int, target: int, hidden: int) -> None:
        super().__init__()
        self.mean = mlp([given, hidden, target])
        self.log_variance = nn.Sequential(mlp([given, hidden, target]), nn.Tanh())

    def forward(self, given: Tensor) -> tuple[Tensor, Tensor]:
        return self.mean(given), self.log_variance(given)

    def misfit(self, given: Tensor, target: Tensor) -> Tensor:
        """-log q(target | given) but for a constant, twice over; to be minimised in q's weights alone."""
        mean, log_variance = self(given.detach())
        return ((target.detach() - mean) ** 2 / log_variance.exp() + log_variance).sum(1).mean()

    def bound(self, given: Tensor, target: Tensor) -> Tensor:
        """mean of log q(target | given) - log q(another target | given); q's weights get no gradient.

        The other target is that of a random other place of the batch, or by chance of the same.
        """
        fixed = {name: parameter.detach() for name, parameter in self.named_parameters()}
        mean, log_variance = functional_call(self, fixed, (given,))
        other = target[torch.randperm(len(target), device=target.device)]
        return (((other - mean) ** 2 - (target - mean) ** 2) / log_variance.exp()).sum(1).mean() / 2
