"""Linear regression on a drawn design, and what its estimators risk on average over coefficients and noise.

y = X beta + noise, where the coefficients are normal with variance `signal` / p each, so that |beta|^2 is near
`signal`, and the noise has the variance `noise`. The inputs' covariance is the identity. A linear estimator is a matrix
L (p, n) with L y its coefficients; given X and L, the averages over coefficients and noise are closed sums of squares,
so that nothing but the design is sampled.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Design(NamedTuple):
    x: Array
    """(n, p), standard normal."""
    coefficients: Array
    y: Array


def drawn(n: int, p: int, signal: float, noise: float, random: np.random.Generator) -> Design:
    x = random.normal(size=(n, p))
    coefficients = np.sqrt(signal / p) * random.normal(size=p)
    return Design(x, coefficients, x @ coefficients + np.sqrt(noise) * random.normal(size=n))


def minimum_norm(x: Array) -> Array:
    """(..., p, n) pseudo-inverses of designs (..., n, p) of full rank, by their smaller Gram matrix."""
    wide = x.swapaxes(-1, -2)
    found: Array = wide @ np.linalg.inv(x @ wide) if x.shape[-2] < x.shape[-1] else np.linalg.solve(wide @ x, wide)
    return found


def excess_risk(estimator: Array, x: Array, signal: float, noise: float) -> float:
    """E |L y - beta|^2, over coefficients and noise: signal |I - L X|^2 / p + noise |L|^2."""
    p = x.shape[1]
    return float(signal / p * np.sum((np.eye(p) - estimator @ x) ** 2) + noise * np.sum(estimator**2))
