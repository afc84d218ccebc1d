"""Quadratic functions w'Hw / 2 along their axes, and the same ones in rotated coordinates."""

import numpy as np

Array = np.ndarray


def rotation(size: int, random: np.random.Generator) -> Array:
    """(d, d) orthogonal, evenly distributed among all."""
    q, r = np.linalg.qr(random.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def both(eigenvalues: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """(2, d, d) matrices H, diagonal and rotated, and (2, d) normal starts: one and the same, rotated."""
    turned, start = rotation(len(eigenvalues), random), random.normal(size=len(eigenvalues))
    return np.stack([np.diag(eigenvalues), (turned * eigenvalues) @ turned.T]), np.stack([start, turned @ start])


def norms(hessians: Array) -> Array:
    """(...) sums of all |H_ij|, which bound s'Hs over all s with entries between -1 and 1."""
    found: Array = np.abs(hessians).sum((-2, -1))
    return found


def values(hessians: Array, w: Array) -> Array:
    """(..., k) of points (..., k, d)."""
    found: Array = (w * (w @ hessians)).sum(-1) / 2
    return found
