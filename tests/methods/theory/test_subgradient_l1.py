"""Penalties taken for gradients: by loops, in closed form for large ones, and by the right step."""

import numpy as np
import pytest

from pipeline.methods.theory.subgradient_l1 import SubgradientL1


def check(**changes: object) -> SubgradientL1:
    settings = {"smallest": 1, "largest": 100, "steps": 5, "examples": 200, "dimensions": 20, "step_size": 0.05}
    return SubgradientL1(**{**settings, "iterations": 600, "averaged": 100, "proximal": False, **changes})


def test_the_norm_is_that_of_a_loop() -> None:
    made, size = check(dimensions=3, iterations=40, averaged=10), 2
    gram, moment = made.draw(size, np.random.default_rng(0))
    w, norms = [0.0, 0.0, 0.0], []
    for _ in range(40):
        slopes = [sum(gram[i, j] * w[j] for j in range(3)) - moment[i] for i in range(3)]
        w = [w[i] - 0.05 * (slopes[i] + size * float(np.sign(w[i]))) for i in range(3)]
        norms.append(sum(abs(each) for each in w))
    assert made.measure((gram, moment), size)["norm"] == pytest.approx(sum(norms[-10:]) / 10)


def test_a_large_penalty_in_closed_form() -> None:
    """One coefficient, no signs to choose from: |d| / 2 with (1 - eta h / 2) d = eta lambda."""
    for curvature, size in ((1.0, 200), (0.5, 300)):
        made = check(dimensions=1)
        found = made.measure((np.array([[curvature]]), np.array([3.0])), size)["norm"]
        assert found == pytest.approx(0.05 * size / 2 / (1 - 0.05 * curvature / 2), rel=1e-6)
        assert found != pytest.approx(0.05 * size, rel=0.3), "twice as much would be seen"


def test_twenty_coefficients_together() -> None:
    made, size = check(), 1000
    gram, moment = made.draw(size, np.random.default_rng(0))
    w = np.zeros(20)
    for _ in range(600):
        w = w - 0.05 * (gram @ w - moment + size * np.sign(w))
    signs = np.sign(w)
    d = np.linalg.solve(np.eye(20) - 0.05 / 2 * gram, 0.05 * size * signs)
    assert made.measure((gram, moment), size)["norm"] == pytest.approx(np.abs(d).sum() / 2, rel=1e-3)


def test_a_small_step_has_the_norm_of_the_right_one() -> None:
    """In the limit of small steps the paradox is gone."""
    sample = check().draw(1, np.random.default_rng(0))
    settings = {"step_size": 0.0005, "iterations": 20_000}
    plain, right = (check(**settings, proximal=each).measure(sample, 1)["norm"] for each in (False, True))
    assert plain == pytest.approx(right, abs=0.05)


def test_the_right_step_solves_the_lasso_and_its_norm_falls() -> None:
    from sklearn.linear_model import Lasso

    made, random = check(proximal=True, examples=50, dimensions=4), np.random.default_rng(0)
    features = np.random.default_rng(0).normal(size=(50, 4))
    sample = made.draw(1, random)
    targets = features @ np.linalg.solve(features.T @ features, 50 * sample[1])
    expected = np.abs(Lasso(alpha=1, fit_intercept=False, tol=1e-10).fit(features, targets).coef_).sum()
    assert made.measure(sample, 1)["norm"] == pytest.approx(expected, abs=1e-4)
    assert made.measure(sample, 100) == {"norm": 0.0, "zeros": 1.0}
