"""Linear regression on drawn designs: estimators against least squares, and averages against many draws."""

import numpy as np
import pytest

from pipeline.ops import linear_design


def test_minimum_norm_is_the_pseudo_inverse_of_wide_and_tall_designs() -> None:
    random = np.random.default_rng(0)
    for shape in ((3, 7), (7, 3), (2, 3, 7)):
        x = random.normal(size=shape)
        assert np.allclose(linear_design.minimum_norm(x), np.linalg.pinv(x))


@pytest.mark.parametrize("shape", [(6, 9), (9, 6)])
def test_the_excess_risk_is_the_mean_over_coefficients_and_noise(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=shape)
    estimator = np.linalg.solve(x.T @ x + np.eye(shape[1]), x.T)
    losses = []
    for _ in range(20_000):
        beta = np.sqrt(2.0 / shape[1]) * random.normal(size=shape[1])
        y = x @ beta + np.sqrt(0.5) * random.normal(size=shape[0])
        losses.append(np.sum((estimator @ y - beta) ** 2))
    assert linear_design.excess_risk(estimator, x, 2.0, 0.5) == pytest.approx(np.mean(losses), rel=0.03)


def test_what_is_drawn_has_the_stated_variances() -> None:
    random = np.random.default_rng(2)
    made = [linear_design.drawn(40, 30, 3.0, 0.5, random) for _ in range(200)]
    assert np.mean([each.coefficients @ each.coefficients for each in made]) == pytest.approx(3, rel=0.1)
    assert np.var([each.y - each.x @ each.coefficients for each in made]) == pytest.approx(0.5, rel=0.1)
    assert np.mean([each.x**2 for each in made]) == pytest.approx(1, rel=0.02)
