"""The inductive bias that a task requires, by dimension, resolution and number of examples."""

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray


def log_bits(
    dimension: ArrayLike, resolution: ArrayLike, examples: ArrayLike, error: float, outputs: int = 1, kinds: int = 1
) -> Array:
    """log of (2 D P E - n D) log2(B sqrt(D P) L W / error), for outputs of at most B = 1 on a sphere of radius R = 1.

    dimension: m, of the sphere; resolution: R / delta, one over the distance that is told apart; examples: n;
    outputs: D; kinds: P, of discrete inputs. Functions have E coefficients, of frequencies up to M = 2 pi / delta; L
    is their Lipschitz constant, and W how far the sphere is from n examples.
    """
    degree, count = frequencies(dimension, resolution)
    factor = np.log2(np.sqrt(outputs * kinds) / error) + np.log2(degree * np.sqrt(outputs))
    factor = factor + (log_transport(dimension, examples) + np.log(kinds) / np.asarray(dimension)) / np.log(2)
    found: Array = np.log(2 * outputs * kinds * count - np.asarray(examples) * outputs) + np.log(factor)
    return found


def frequencies(dimension: ArrayLike, resolution: ArrayLike) -> tuple[Array, Array]:
    """The degree K of spherical harmonics with K (K + m - 1) = M^2, and their number up to it."""
    from scipy.special import binom

    m, most = np.asarray(dimension), 2 * np.pi * np.asarray(resolution)
    degree = (np.sqrt((m - 1) ** 2 + 4 * most**2) - (m - 1)) / 2
    return degree, binom(m + degree, m) + binom(m + degree - 1, m)


def log_transport(dimension: ArrayLike, examples: ArrayLike) -> Array:
    """log W: sqrt(m / 6) sides of one of n cubes that have the area of the sphere."""
    from scipy.special import gammaln

    m = np.asarray(dimension)
    area = np.log(2) + (m + 1) / 2 * np.log(np.pi) - gammaln((m + 1) / 2)
    found: Array = np.log(m / 6) / 2 + (area - np.log(examples)) / m
    return found
