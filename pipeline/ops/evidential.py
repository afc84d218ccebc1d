"""Dirichlet distributions over classes from evidence e (B, K) >= 0: alpha = e + 1, strength S = sum alpha, belief b =
e / S and doubt u = K / S, which add up to one (Sensoy et al. 2018)."""

import torch
from torch import Tensor


def opinion(evidence: Tensor) -> tuple[Tensor, Tensor]:
    """Beliefs (B, K) and doubts (B,)."""
    strength = evidence.sum(1) + evidence.shape[1]
    return evidence / strength[:, None], evidence.shape[1] / strength


def expected_cross_entropy(evidence: Tensor, labels: Tensor) -> Tensor:
    """(B,) E -log p_y under the Dirichlet distribution: digamma(S) - digamma(alpha_y)."""
    right = evidence.gather(1, labels[:, None]).squeeze(1) + 1
    return torch.digamma(evidence.sum(1) + evidence.shape[1]) - torch.digamma(right)


def misleading(evidence: Tensor, labels: Tensor) -> Tensor:
    """(B,) Kullback-Leibler divergence from the uniform Dirichlet distribution once the right class has no evidence."""
    alpha = evidence.scatter(1, labels[:, None], 0.0) + 1
    strength = alpha.sum(1)
    normaliser = torch.lgamma(strength) - torch.lgamma(alpha).sum(1) - torch.lgamma(torch.tensor(float(alpha.shape[1])))
    slope = torch.digamma(alpha) - torch.digamma(strength)[:, None]
    return normaliser + ((alpha - 1) * slope).sum(1)


def combined(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Two opinions by Dempster's rule, reduced: b ~ b1 b2 + b1 u2 + b2 u1 and u ~ u1 u2 (Han et al. 2021)."""
    (belief, doubt), (other, unsure) = first, second
    both = belief * other + belief * unsure[:, None] + other * doubt[:, None]
    neither = doubt * unsure
    total = both.sum(1) + neither
    return both / total[:, None], neither / total
