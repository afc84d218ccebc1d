"""Several projection heads, and a temperature of its own for each pair of their embeddings."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.ops.covariance import cross_correlation
from pipeline.ops.heads import mlp


class Heads(nn.Module):
    """Heads side by side: their outputs (B, D) one after the other, (B, heads * D)."""

    def __init__(self, heads: Iterable[nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([head(x) for head in self.heads], 1)


def by_head(z: Tensor, heads: int) -> Tensor:
    """(heads, B, D) float32 of the heads' outputs (B, heads * D)."""
    return z.float().unflatten(1, (heads, -1)).transpose(0, 1)


def omega(temperature: Tensor, dim: int) -> Tensor:
    """Omega(tau) = (d/2) log tau + 1/tau."""
    return dim / 2 * temperature.log() + 1 / temperature


class AdaptiveContrast(nn.Module):
    """sum_c -t(z, z+) + log sum_n exp t(z, z_n), mean over anchors, t = s/tau - beta Omega(tau), s the cosine.

    phi has one hidden layer, is shared by the heads and takes the embeddings as unit vectors; its gradient reaches
    them.
    """

    def __init__(self, dim: int, lowest: float, span: float, beta: float) -> None:
        super().__init__()
        self.dim, self.lowest, self.span, self.beta = dim, lowest, span, beta
        self.phi = mlp([dim, 128, dim])

    def forward(self, anchors: Tensor, positives: Tensor, candidates: Tensor, own: Tensor | None = None) -> Tensor:
        """The loss of unit vectors (heads, N, D), with negatives (heads, M, D) but where own (N, M) is set."""
        phi = self.phi(anchors).float()
        attraction = self.term((anchors * positives).sum(-1), (phi * self.phi(positives).float()).sum(-1))
        alike = (phi @ self.phi(candidates).float().transpose(1, 2)).float()
        repulsion = self.term((anchors @ candidates.transpose(1, 2)).float(), alike)
        if own is not None:
            repulsion = repulsion.masked_fill(own, -torch.inf)
        return (repulsion.logsumexp(2) - attraction).sum(0).mean()

    def term(self, cosines: Tensor, alike: Tensor) -> Tensor:
        """t, tau = iota / (1 + exp(phi.phi)) + eta: the more alike, the lower."""
        tau = self.lowest + self.span * torch.sigmoid(-alike)
        return cosines / tau - self.beta * omega(tau, self.dim)


class AdaptiveCorrelation(nn.Module):
    """sum_c sum_l (1 - C_ll/tau_ll)^2 + lambda sum_{l != m} C_lm^2/tau_lm + beta sum_l Omega(tau_ll)
    - beta sum_{l != m} Omega(tau_lm), with C as in `cross_correlation`.

    phi takes the entries of a standardised dimension one by one, and phi(l).phi(m) is the mean over the images,
    since the order of a batch means nothing.
    """

    def __init__(self, lowest: float, span: float, beta: float) -> None:
        super().__init__()
        self.lowest, self.span, self.beta = lowest, span, beta
        self.phi = mlp([1, 16, 4])

    def temperature(self, a: Tensor, b: Tensor) -> Tensor:
        """tau (D, D) of each dimension of a (B, D) with each of b (B, D)."""
        first, second = (self.phi(F.batch_norm(z, None, None, training=True)[:, :, None]) for z in (a, b))
        alike = torch.einsum("blh,bmh->lm", first, second).float() / len(a)
        return self.lowest + self.span * torch.sigmoid(-alike)

    def forward(self, z1: Tensor, z2: Tensor, weight: float) -> Tensor:
        """The loss of embeddings (heads, B, D) of two views; `weight` is lambda."""
        total = z1.new_zeros(())
        same = torch.eye(z1.shape[2], dtype=torch.bool, device=z1.device)
        for a, b in zip(z1, z2, strict=True):
            correlation, tau = cross_correlation(a, b), self.temperature(a, b)
            regular = self.beta * omega(tau, z1.shape[2])
            own = (1 - correlation / tau).square() + regular
            total = total + torch.where(same, own, weight * correlation.square() / tau - regular).sum()
        return total
