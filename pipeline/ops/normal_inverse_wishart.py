"""How likely points are under one Gaussian whose mean and covariance are unknown, and whether two are more likely."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Prior:
    """mean | covariance ~ N(centre, covariance / kappa), covariance ~ inverse Wishart(scale I, freedom)."""

    centre: Tensor
    """(D,) float64."""
    kappa: float
    freedom: float
    """nu, above D - 1."""
    scale: float

    def log_likelihood(self, points: Tensor) -> float:
        """log p of points (N, D), mean and covariance integrated out; 0 of none. In float64.

        (n D / 2) log pi is taken off, log Gamma_D(nu* / 2) and (nu / 2) log |Psi| - (nu* / 2) log |Psi*| and (D / 2)
        log(kappa / kappa*) are added up, with kappa* = kappa + n, nu* = nu + n and Psi* = Psi + sum_i (x_i - mean)
        (x_i - mean)^T + kappa n / kappa* (mean - centre)(mean - centre)^T: Gelman et al., Bayesian Data Analysis.
        """
        points = points.double()
        count, dim = points.shape
        if not count:
            return 0.0
        mean, kappa, freedom = points.mean(0), self.kappa + count, self.freedom + count
        apart, off = points - mean, mean - self.centre
        spread = self.scale * torch.eye(dim, dtype=torch.float64, device=points.device) + apart.T @ apart
        spread = spread + self.kappa * count / kappa * off[:, None] * off
        return (
            -0.5 * count * dim * math.log(math.pi)
            + log_gamma(freedom / 2, dim)
            - log_gamma(self.freedom / 2, dim)
            + 0.5 * self.freedom * dim * math.log(self.scale)
            - 0.5 * freedom * float(torch.linalg.slogdet(spread).logabsdet)
            + 0.5 * dim * math.log(self.kappa / kappa)
        )

    def log_split_ratio(self, first: Tensor, second: Tensor, concentration: float = 1.0) -> float:
        """log H_s of two components for the points of one, both with points: alpha Gamma(n1) p(x1) Gamma(n2) p(x2) /
        (Gamma(n1 + n2) p(x1, x2)), alpha the concentration. A merge has the inverse of it.
        """
        parts = sum(math.lgamma(len(part)) + self.log_likelihood(part) for part in (first, second))
        both = torch.cat([first, second])
        return math.log(concentration) + parts - math.lgamma(len(both)) - self.log_likelihood(both)


def log_gamma(x: float, dim: int) -> float:
    """log of the multivariate gamma function Gamma_dim(x), less its constant (dim (dim - 1) / 4) log pi."""
    return math.fsum(math.lgamma(x - 0.5 * place) for place in range(dim))
