"""Ridge regression at all penalties from one decomposition, for inputs and coefficients as in `ops/linear_design.py`.

With v the eigenvalues of X^T X / n, of which p - n are zero where p > n, (X^T X / n + penalty)^-1 X^T y / n has the
excess risk signal / p sum (penalty / (v + penalty))^2 + noise / n sum v / (v + penalty)^2.
"""

import numpy as np

Array = np.ndarray


def eigenvalues(x: Array) -> Array:
    """(p,) those of X^T X / n, with exact zeros where p > n."""
    n, p = x.shape
    found = np.linalg.eigvalsh((x @ x.T if n < p else x.T @ x) / n)
    return np.concatenate([np.zeros(p - len(found)), found])


def risks(values: Array, n: int, penalties: Array, signal: float, noise: float) -> Array:
    """(L,) excess risks at penalties (L,), of which 0 stands for the minimum norm."""
    p, positive = len(values), values[values > 0]
    penalties = np.asarray(penalties, np.float64)[:, None]
    shrunk = penalties / (positive + penalties)
    bias = signal / p * ((shrunk**2).sum(1) + p - len(positive))
    found: Array = bias + noise / n * (positive / (positive + penalties) ** 2).sum(1)
    return found


def best_penalty(n: int, p: int, signal: float, noise: float) -> float:
    """Where the excess risk is least, whatever the design: the posterior mean of normal coefficients."""
    return noise * p / (signal * n)
