"""Online learning: follow-the-regularised-leader on absolute losses, and optimistic mirror descent."""

from collections.abc import Callable

import numpy as np

Array = np.ndarray


def absolute_leader(x: Array, y: Array, scale: float, implicit: bool, clipped: bool = True) -> dict[str, Array]:
    """Follow-the-regularised-leader on losses |w.x_t - y_t|, w_t = theta_t / lambda_t with lambda_t = sqrt(t) / scale.

    theta_t is minus the sum of past z_s = s_s x_s. z_t minimises H_t(z) = |theta_t - z|^2 / (2 lambda_{t+1}) + s y_t
    if it is `implicit`, and is the subgradient else; not `clipped`, s may leave [-1, 1], where the conjugate of the
    loss is infinite. Of each round, (T,): `losses`; `terms`, whose sum and lambda_{T+1} |u|^2 / 2 bound regret against
    u; `gains`, by how much H_t is below its value at the subgradient.
    """
    count, d = x.shape
    weights, squares = np.sqrt(np.arange(1, count + 2)) / scale, (x**2).sum(1)
    theta, losses, terms, gains = np.zeros(d), np.zeros(count), np.zeros(count), np.zeros(count)
    for t in range(count):
        inner, before, square, after = theta @ x[t], theta @ theta, squares[t], weights[t + 1]
        residual = inner / weights[t] - y[t]
        subgradient = s = np.sign(residual)
        if implicit:
            s = (inner - after * y[t]) / square
            s = min(1.0, max(-1.0, s)) if clipped else s
        at_z, at_subgradient = (
            (before - 2 * c * inner + c * c * square) / (2 * after) + c * y[t] for c in (s, subgradient)
        )
        losses[t], gains[t] = abs(residual), at_subgradient - at_z
        terms[t] = losses[t] + at_z - before / (2 * weights[t])
        theta = theta - s * x[t]
    return {"losses": losses, "terms": terms, "gains": gains}


def optimistic(
    gradients: Callable[[int, Array], Array], largest: Array, rounds: int, hint: bool = True
) -> dict[str, Array]:
    """Optimistic mirror descent in the unit disc from its centre, with the last gradient as a hint or with none.

    gradients: of round and points (chains, 2), in each chain as large as `largest` (chains,) at most. Steps are
    2 / sqrt(4 largest^2 + V) with V the sum of past |g_t - hint_t|^2. `points` (T, chains, 2); of each chain,
    `regrets`, the sum of g_t.(x_t - u) for the best u, and `bounds` on it, 3 sqrt(4 largest^2 + V).
    """
    chains = len(largest)
    base, last, summed = np.zeros((chains, 2)), np.zeros((chains, 2)), np.zeros((chains, 2))
    variation, losses, points = 4 * largest[:, None] ** 2, np.zeros(chains), np.zeros((rounds, chains, 2))
    for t in range(rounds):
        rate = 2 / np.sqrt(variation)
        points[t] = x = in_disc(base - rate * last)
        found = gradients(t, x)
        base = in_disc(base - rate * found)
        variation = variation + ((found - last) ** 2).sum(1, keepdims=True)
        losses += (found * x).sum(1)
        summed += found
        last = found if hint else last
    return {
        "points": points,
        "regrets": losses + np.sqrt((summed**2).sum(1)),
        "regret_bounds": 3 * np.sqrt(variation[:, 0]),
    }


def in_disc(points: Array) -> Array:
    """Points (n, 2), those outside the unit disc moved to its edge."""
    norms = np.sqrt((points**2).sum(1, keepdims=True))
    moved: Array = points / np.maximum(norms, 1)
    return moved
