"""Polynomials on points of a cube as features of least squares, and what is left of it on weighted samples."""

import numpy as np
from numpy.polynomial import legendre

Array = np.ndarray


def orthonormal(points: Array, degree: int) -> Array:
    """(n, d) orthonormal columns that span the polynomials of this total degree on points (n, q) of [-1, 1]^q."""
    powers = [legendre.legvander(coordinate, degree) for coordinate in points.T]
    found, degrees = powers[0], np.arange(degree + 1)
    for more in powers[1:]:
        degrees = np.add.outer(degrees, np.arange(degree + 1)).ravel()
        found = (found[:, :, None] * more[:, None, :]).reshape(len(points), -1)[:, degrees <= degree]
        degrees = degrees[degrees <= degree]
    return np.linalg.qr(found)[0]


def grid(side: int) -> Array:
    """(side^2, 2) points of [-1, 1]^2, in rows and columns."""
    line = np.linspace(-1, 1, side)
    return np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)


def weighted(basis: Array, values: Array, chances: Array, chosen: Array) -> Array:
    """(d,) the coefficients of least squares on chosen rows, each over the root of its probability.

    The shortest ones where rows are fewer than features.
    """
    from scipy.linalg import lstsq

    scale = 1 / np.sqrt(chances[chosen])
    found: Array = lstsq(basis[chosen] * scale[:, None], values[chosen] * scale, lapack_driver="gelsy")[0]
    return found
