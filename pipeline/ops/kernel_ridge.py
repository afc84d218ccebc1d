"""What kernel ridge regression risks in the limit of many examples, by eigenvalues and squared coefficients.

(K + n penalty)^-1 y risks what a linear shrinkage of each mode by kappa / (l_j + kappa) does, where kappa solves
kappa = penalty + kappa / n sum_j l_j / (l_j + kappa): the deterministic equivalent.
"""

import numpy as np

Array = np.ndarray


def modes(largest: int = 10**9, exact: int = 1000) -> tuple[Array, Array]:
    """Indices j < largest, and how many each stands for: all up to `exact`, then bins that grow by 1% each."""
    edges = np.unique(np.geomspace(exact + 1, largest, round(100 * np.log(largest / exact))).round())
    inner = np.arange(1, exact + 1, dtype=np.float64)
    return np.append(inner, np.sqrt(edges[:-1] * edges[1:])), np.append(np.ones(exact), np.diff(edges))


def equivalent_risk(
    eigenvalues: Array, squares: Array, counts: Array, penalty: float, noise: float, examples: int
) -> float:
    """E |f - f*|^2: (bias + noise df2 / n) / (1 - df2 / n), with bias = sum squares (kappa / (l + kappa))^2."""
    from scipy.optimize import brentq

    def left(log_kappa: float) -> float:
        kappa = np.exp(log_kappa)
        return float(kappa - penalty - kappa / examples * (counts * eigenvalues / (eigenvalues + kappa)).sum())

    upper = penalty + float(counts @ eigenvalues) / examples
    kappa = np.exp(brentq(left, np.log(penalty), np.log(upper), xtol=1e-12))
    learnt = eigenvalues / (eigenvalues + kappa)
    degrees = float(counts @ learnt**2) / examples
    return float((counts @ (squares * (1 - learnt) ** 2) + noise * degrees) / (1 - degrees))
