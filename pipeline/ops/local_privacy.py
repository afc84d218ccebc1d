"""Sparse regression from what users release of their own, under local differential privacy.

Features are +-1 with equal chance, so that n users are drawn as counts of the 2^d patterns, whatever n is.
"""

import numpy as np

from pipeline.ops.privacy import gaussian_scale

Array = np.ndarray
Random = np.random.Generator
DELTA, SPREAD = 1e-5, 0.5


def users(d: int, theta: Array, count: int, random: Random) -> tuple[Array, Array]:
    """Means of x x' and x y over `count` users, where y = x.theta + SPREAD or x.theta - SPREAD with equal chance."""
    x = 2.0 * ((np.arange(2**d)[:, None] >> np.arange(d)) & 1) - 1
    counts = random.multinomial(count, np.full(len(x), 1 / len(x)))
    added = SPREAD * (2.0 * random.binomial(counts, 0.5) - counts)
    return x.T @ (counts[:, None] * x) / count, x.T @ (counts * (x @ theta) + added) / count


def matrix_scale(d: int, count: int, epsilon: float) -> float:
    """Of the noise in the mean of x x', each user adding theirs to the entries above the diagonal, which is known.

    Those of two users are up to 2 sqrt(d (d - 1) / 2) apart.
    """
    return gaussian_scale(np.sqrt(2 * d * (d - 1)), 1, epsilon, DELTA) / float(np.sqrt(count))


def vector_scale(d: int, bound: float, count: int, epsilon: float) -> float:
    """Of the noise in the mean of x y with |y| <= bound, each user adding theirs."""
    return gaussian_scale(2 * bound * np.sqrt(d), 1, epsilon, DELTA) / float(np.sqrt(count))


def sparse(d: int, k: int) -> Array:
    """Of norm 1, with k equal entries."""
    theta = np.zeros(d)
    theta[:k] = 1 / np.sqrt(k)
    return theta


def errors(
    moments: tuple[Array, Array], k: int, count: int, epsilon: float, chains: int, random: Random, dense: bool = False
) -> list[float]:
    """Root mean squared |estimate - sparse| over draws of the noise: with x x' released too, and with it public.

    Of the estimate from means of x x' and x y the k largest entries are kept, or all if `dense`. Without public
    features half of epsilon is spent on either release.
    """
    matrix, vector = moments
    d, bound = len(vector), float(np.sqrt(k)) + SPREAD
    drawn, upper = random.normal(size=(chains, d)), np.triu(random.normal(size=(chains, d, d)), 1)
    noisy = matrix + matrix_scale(d, count, epsilon / 2) * (upper + upper.transpose(0, 2, 1))
    released = np.linalg.solve(noisy, (vector + vector_scale(d, bound, count, epsilon / 2) * drawn)[..., None])[..., 0]
    public = np.linalg.solve(matrix, (vector + vector_scale(d, bound, count, epsilon) * drawn).T).T
    found = []
    for estimate in (released, public):
        if not dense:
            np.put_along_axis(estimate, np.argsort(np.abs(estimate), axis=1)[:, : d - k], 0.0, axis=1)
        found.append(float(np.sqrt(((estimate - sparse(d, k)) ** 2).sum(1).mean())))
    return found
