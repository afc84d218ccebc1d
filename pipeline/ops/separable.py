"""Linear classification without intercept: points by the product of label and features, and steps from zero."""

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Step = Callable[[Array, Array], Array]
"""What is added to the parameters, given signed points (n, d) and parameters (d,)."""


def drawn(points: int, dimensions: int, shift: float, random: np.random.Generator) -> Array:
    """(n, d) normal points, each moved by `shift` away from a hyperplane, whose normal is the first axis."""
    signed = random.normal(size=(points, dimensions))
    signed[:, 0] = np.abs(signed[:, 0]) + shift
    return signed


def margin(signed: Array) -> float:
    """The largest, over unit vectors, of the smallest inner product with a signed point; 0 where none separates.

    It is the distance D of the points' hull from zero. Over weights q >= 0, |sum q_i z_i|^2 + (sum q_i - 1)^2 is
    smallest at D^2 / (1 + D^2), since the best sum is 1 / (1 + D^2).
    """
    from scipy.optimize import nnls

    count, dimensions = signed.shape
    stacked = np.vstack([signed.T, np.ones(count)])
    least = nnls(stacked, np.append(np.zeros(dimensions), 1.0))[1] ** 2
    return float(np.sqrt(least / (1 - least)))


def logistic(size: float) -> Step:
    """Gradient descent on the mean logistic loss, by steps of this size."""
    from scipy.special import expit

    return lambda signed, theta: size * expit(-signed @ theta) @ signed / len(signed)


def normalised(size: float) -> Step:
    """The same with the gradient divided by the mean weight of the points."""
    from scipy.special import expit

    def step(signed: Array, theta: Array) -> Array:
        weights = expit(-signed @ theta)
        return size * weights @ signed / weights.sum()

    return step


def perceptron(signed: Array, theta: Array) -> Array:
    """The batch perceptron: half the mean of all points first, then those misclassified, over the number of all."""
    weights = (signed @ theta <= 0) * (1.0 if theta.any() else 0.5)
    return weights @ signed / len(signed)


def path(signed: Array, step: Step, length: int) -> Array:
    """(length, d) parameters after each step."""
    theta, visited = np.zeros(signed.shape[1]), []
    for _ in range(length):
        theta = theta + step(signed, theta)
        visited.append(theta)
    return np.array(visited)


def iterations(signed: Array, step: Step, most: int) -> int:
    """Steps until every point is on its side; `most` + 1 where that takes more."""
    theta = np.zeros(signed.shape[1])
    for count in range(1, most + 1):
        theta = theta + step(signed, theta)
        if (signed @ theta).min() > 0:
            return count
    return most + 1
