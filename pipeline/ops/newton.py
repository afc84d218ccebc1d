"""Newton's method regularised by the norm of the gradient, with a matrix in place of the Hessian."""

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Problem = Callable[[Array], tuple[float, Array, Array | None]]
"""Of a point: the loss, its gradient, and the matrix, or None where there is none."""
Weights = Callable[[Array], Array]
"""Of each example's matrix, by the probability p_i of a wrong label."""


def descend(problem: Problem, start: Array, enough: Callable[[float, float], bool], limit: int) -> tuple[Array, Array]:
    """(K, 2) loss and norm of the gradient, and (K, d) points, of every iterate until they are enough.

    x <- x - (H + |g| / gamma I)^-1 g. A step is taken once the loss falls by at least |g_next|^2 gamma / (8 |g|), and
    gamma is doubled then; until then it is halved. A search at which the loss no longer falls in floating point ends.
    """
    point, gamma, identity = start, 1.0, np.eye(len(start))
    loss, gradient, matrix = problem(point)
    seen, points = [], []
    for _ in range(limit):
        norm = float(np.sqrt(gradient @ gradient))
        seen.append((loss, norm))
        points.append(point)
        if enough(loss, norm):
            break
        for _ in range(40):
            strength = norm / gamma
            if matrix is None:
                reached = point - gradient / strength
            else:
                reached = point - np.linalg.solve(matrix + strength * identity, gradient)
            there = problem(reached)
            if loss - there[0] >= there[1] @ there[1] / (8 * strength):
                break
            gamma /= 2
        else:
            break
        point, (loss, gradient, matrix), gamma = reached, there, 2 * gamma
    return np.array(seen), np.array(points)


def logistic(rows: Array, weigh: Weights | None) -> Problem:
    """Mean of log(1 + exp(-a_i.x)); the matrix is the mean of weigh(p_i) a_i a_i^T, p_i = 1 / (1 + exp(a_i.x))."""

    def problem(x: Array) -> tuple[float, Array, Array | None]:
        margins = rows @ x
        wrong = np.exp(-np.logaddexp(0, margins))
        matrix = None if weigh is None else (rows.T * weigh(wrong)) @ rows / len(rows)
        return float(np.logaddexp(0, -margins).mean()), -(wrong @ rows) / len(rows), matrix

    return problem


def exact(wrong: Array) -> Array:
    """The Hessian's weights."""
    return wrong * (1 - wrong)


def fisher(wrong: Array) -> Array:
    """Those of the mean of the examples' gradients times themselves."""
    return wrong**2


def steps_to(values: Array, level: float) -> float:
    """When values (K,) are first down to the level, between two steps by the logarithm; K if they never are."""
    below = np.flatnonzero(values <= level)
    if not len(below):
        return float(len(values))
    last = int(below[0])
    if last == 0:
        return 0.0
    before, after = np.log(values[last - 1]), np.log(values[last])
    return float(last - 1 + (before - np.log(level)) / (before - after))
