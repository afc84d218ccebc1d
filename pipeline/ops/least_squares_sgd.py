"""Second moments of SGD with momentum on least squares, exactly, for normal inputs with uncorrelated coordinates.

Iterates (w, v) are errors, with y = alpha w + (1 - alpha) v, w <- y - delta g and v <- beta y + (1 - beta) v - gamma g,
where g = x (x . y - noise) is the gradient at y of one example. Means stay along the axes, and so do second moments: of
normal x with variances l, E g_i^2 = 2 l_i^2 E y_i^2 + l_i sum_j l_j E y_j^2 + noise l_i. With gamma = delta and a start
at w = v they are those of plain SGD.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Steps(NamedTuple):
    """Each (..., 1): settings side by side."""

    delta: Array
    gamma: Array
    alpha: Array
    beta: Array


def momentum(delta: Array, gamma: Array, cutoff: Array) -> Steps:
    """With beta = delta / (3 cutoff gamma) and alpha = 1 / (1 + beta), each of one shape."""
    beta = delta / (3 * cutoff * gamma)
    return Steps(*(np.asarray(each, np.float64)[..., None] for each in (delta, gamma, 1 / (1 + beta), beta)))


def risks(steps: Steps, variances: Array, starts: Array, noise: Array | float, iterations: int) -> dict[str, Array]:
    """Excess risks (..., d): of the `last` iterate, and of the mean of the later half of the iterates (`tail`).

    starts: (..., d), E w^2 at the start along each axis, with v = w. noise: a number or (..., 1). What is side by side
    is broadcast.
    """
    delta, gamma, alpha, beta = steps
    shape = np.broadcast_shapes(delta.shape, starts.shape, variances.shape)
    ww, wv, vv = (np.broadcast_to(starts, shape).copy() for _ in range(3))
    # w <- a y - delta (g - l y), and the like for v: mean steps of y and of v
    kept_w, kept_v = 1 - delta * variances, beta - gamma * variances
    sums = {name: np.zeros(shape) for name in ("w", "v", "square")}
    half = iterations // 2
    for step in range(iterations):
        yy = alpha**2 * ww + 2 * alpha * (1 - alpha) * wv + (1 - alpha) ** 2 * vv
        yv = alpha * wv + (1 - alpha) * vv
        risk = (variances * yy).sum(-1, keepdims=True)
        drawn = variances**2 * yy + variances * (risk + noise)  # the variance of g
        if step >= half:
            # with the sum of iterates so far, E sum w and E sum v, one mean step on
            sums["w"], sums["v"] = _step(kept_w, kept_v, alpha, beta, sums["w"], sums["v"])
        ww = kept_w**2 * yy + delta**2 * drawn
        wv, vv = (
            kept_w * (kept_v * yy + (1 - beta) * yv) + delta * gamma * drawn,
            kept_v**2 * yy + 2 * kept_v * (1 - beta) * yv + (1 - beta) ** 2 * vv + gamma**2 * drawn,
        )
        if step >= half:
            sums["square"] += 2 * sums["w"] + ww
            sums["w"] += ww
            sums["v"] += wv
    tail = sums["square"] / (iterations - half) ** 2
    return {"last": variances * ww, "tail": variances * tail}


def _step(kept_w: Array, kept_v: Array, alpha: Array, beta: Array, w: Array, v: Array) -> tuple[Array, Array]:
    y = alpha * w + (1 - alpha) * v
    return kept_w * y, kept_v * y + (1 - beta) * v
