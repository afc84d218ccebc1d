"""Stability of a zero-loss minimum under SGD: how the second moments of its linearised iterates evolve, exactly.

Near the minimum theta <- J theta with J = I - eta C, where C is the mean Hessian of a batch, so that E[theta theta^T]
is multiplied by E[J (x) J]. That operator is symmetric and maps positive semidefinite matrices to such, so its spectral
radius is its largest eigenvalue.
"""

from typing import Literal

import numpy as np

Array = np.ndarray
Batches = Literal["with_replacement", "without_replacement", "independent"]
"""Of B examples each, drawn with or without replacement; or of each example with probability B / n on its own, divided
by B all the same."""


def rank_one(gradients: Array) -> Array:
    """(n, d, d) Hessians g g^T of squared losses at zero loss, from gradients (n, d) of the outputs."""
    return gradients[:, :, None] * gradients[:, None, :]


def mean_square(hessians: Array, batch: float, batches: Batches) -> Array:
    """(d^2, d^2) E[C (x) C] of the mean Hessian C of a batch, from those of n examples (n, d, d)."""
    n = len(hessians)
    squares, mean = _kron(hessians, hessians).mean(0), hessians.mean(0)
    whole = np.kron(mean, mean)
    if batches == "independent":
        found: Array = whole + (n / batch - 1) / n * squares
    else:
        finite = (n - batch) / max(n - 1, 1) if batches == "without_replacement" else 1.0
        found = whole + finite / batch * (squares - whole)
    return found


def second_moment(hessians: Array, rate: float, batch: float, batches: Batches) -> Array:
    """(d^2, d^2) E[J (x) J] at the step size `rate`."""
    eye, mean = np.eye(hessians.shape[1]), hessians.mean(0)
    linear = np.kron(mean, eye) + np.kron(eye, mean)
    found: Array = np.kron(eye, eye) - rate * linear + rate**2 * mean_square(hessians, batch, batches)
    return found


def second_moment_radius(hessians: Array, rate: float, batch: float, batches: Batches) -> float:
    """Spectral radius of E[J (x) J]: second moments grow where it exceeds 1, and flat directions leave it at 1."""
    return float(np.abs(np.linalg.eigvalsh(second_moment(hessians, rate, batch, batches))).max())


def critical_rate(hessians: Array, batch: float, batches: Batches, flat: float = 1e-10) -> float:
    """The largest step size at which second moments do not grow, without bisection.

    I - eta A + eta^2 B has no eigenvalue above 1 where eta B <= A, both positive semidefinite, with A = H (x) I +
    I (x) H diagonal in the basis of H. Directions with less than `flat` of H's largest eigenvalue are left out: no
    example's Hessian acts on them.
    """
    values, vectors = np.linalg.eigh(hessians.mean(0))
    kept = values > flat * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    inner = vectors.T @ hessians @ vectors
    root = np.sqrt((values[:, None] + values[None, :]).ravel())
    return float(1 / np.linalg.eigvalsh(mean_square(inner, batch, batches) / np.outer(root, root))[-1])


def _kron(left: Array, right: Array) -> Array:
    """(n, d^2, d^2) Kronecker products of pairs."""
    n, d, _ = left.shape
    return np.einsum("nij,nkl->nikjl", left, right).reshape(n, d * d, d * d)
