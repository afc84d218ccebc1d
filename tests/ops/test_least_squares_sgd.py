"""Second moments of SGD with momentum: against many drawn runs, full covariances, and plain SGD."""

import numpy as np
import pytest

from pipeline.ops import least_squares_sgd as sgd

VARIANCES = np.array([1.0, 0.3, 0.05])
STARTS = np.array([0.5, 2.0, 4.0])
STEPS = sgd.momentum(np.array([0.1]), np.array([0.4]), np.array([2.0]))


def test_moments_are_those_of_drawn_runs() -> None:
    random, runs, iterations = np.random.default_rng(0), 20_000, 30
    delta, gamma, alpha, beta = (float(each[0, 0]) for each in STEPS)
    w = np.sqrt(STARTS) * random.choice([-1.0, 1.0], size=(runs, 3))
    v, sums = w.copy(), np.zeros((runs, 3))
    for step in range(iterations):
        x = np.sqrt(VARIANCES) * random.normal(size=(runs, 3))
        y = alpha * w + (1 - alpha) * v
        g = x * ((x * y).sum(1) - 0.5 * random.normal(size=runs))[:, None]
        w, v = y - delta * g, beta * y + (1 - beta) * v - gamma * g
        sums += w if step >= iterations // 2 else 0
    found = sgd.risks(STEPS, VARIANCES, STARTS, 0.25, iterations)
    assert found["last"][0] == pytest.approx(VARIANCES * (w**2).mean(0), rel=0.05)
    assert found["tail"][0] == pytest.approx(VARIANCES * ((sums / 15) ** 2).mean(0), rel=0.05)


def test_plain_sgd_by_loops_over_its_own_moments() -> None:
    """E w_i^2 <- (1 - 2 d l_i) E w_i^2 + d^2 (2 l_i^2 E w_i^2 + l_i sum_j l_j E w_j^2 + noise l_i)."""
    steps = sgd.momentum(np.array([0.2]), np.array([0.2]), np.array([3.0]))
    moments = list(STARTS)
    for _ in range(50):
        risk = sum(each * m for each, m in zip(VARIANCES, moments, strict=True))
        moments = [
            (1 - 0.4 * each) * m + 0.04 * (2 * each * each * m + each * (risk + 0.5))
            for each, m in zip(VARIANCES, moments, strict=True)
        ]
    assert sgd.risks(steps, VARIANCES, STARTS, 0.5, 50)["last"][0] == pytest.approx(VARIANCES * moments)


def test_settings_and_starts_side_by_side_are_those_of_each() -> None:
    both = sgd.momentum(np.array([0.1, 0.2]), np.array([0.4, 0.3]), np.array([2.0, 2.0]))
    found = sgd.risks(both, VARIANCES, np.array([STARTS, 2 * STARTS]), 0.0, 20)
    first = sgd.risks(STEPS, VARIANCES, STARTS, 0.0, 20)
    assert found["tail"][0] == pytest.approx(first["tail"][0]) and found["last"].shape == (2, 3)


def test_bias_and_variance_add_up() -> None:
    whole, bias, variance = (
        sgd.risks(STEPS, VARIANCES, start, noise, 40)["tail"]
        for start, noise in ((STARTS, 0.3), (STARTS, 0.0), (0 * STARTS, 0.3))
    )
    assert whole == pytest.approx(bias + variance)
