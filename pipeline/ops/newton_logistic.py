"""Logistic regression with a squared penalty, by Newton's method: few features, and penalties that may be tiny."""

import numpy as np

Array = np.ndarray


def fit(features: Array, signs: Array, penalty: float, start: Array | None = None) -> Array:
    """(d + 1,) weights and bias of least mean log(1 + exp(-y (w.x + b))) + penalty |w|^2 / 2, from `start`.

    features (n, d); signs (n,) of 1 and -1, both present. Raises ValueError where 100 steps do not suffice.
    """
    from scipy.special import expit

    signed = np.column_stack([features, np.ones(len(features))]) * signs[:, None]
    penalties = np.append(np.full(features.shape[1], penalty), 0.0)

    def value(w: Array) -> float:
        return float(np.logaddexp(0, -signed @ w).mean() + penalties @ w**2 / 2)

    w = np.zeros(signed.shape[1]) if start is None else start
    for _ in range(100):
        wrong = expit(-signed @ w)
        gradient = penalties * w - wrong @ signed / len(signed)
        if np.abs(gradient).max() < 1e-10:
            return w
        curvature = (signed * (wrong * (1 - wrong))[:, None]).T @ signed / len(signed) + np.diag(penalties)
        step, size, before = np.linalg.solve(curvature, gradient), 1.0, value(w)
        while value(w - size * step) > before - 1e-4 * size * gradient @ step and size > 1e-6:
            size /= 2
        w = w - size * step
    raise ValueError("logistic regression: Newton's method did not converge")
