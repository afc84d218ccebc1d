"""Online learning: follow-the-regularised-leader on absolute losses."""

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
