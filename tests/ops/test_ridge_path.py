"""Risks of ridge regression from eigenvalues, against the estimators themselves."""

import numpy as np
import pytest

from pipeline.ops import linear_design, ridge_path


@pytest.mark.parametrize("shape", [(6, 9), (9, 6)])
def test_risks_are_those_of_the_estimators(shape: tuple[int, int]) -> None:
    (n, p), x = shape, np.random.default_rng(0).normal(size=shape)
    values = ridge_path.eigenvalues(x)
    assert len(values) == p and (values == 0).sum() == max(p - n, 0)
    found = ridge_path.risks(values, n, np.array([0.0, 0.3, 2.0]), 2.0, 0.5)
    ridges = [np.linalg.solve(x.T @ x / n + penalty * np.eye(p), x.T / n) for penalty in (0.3, 2.0)]
    for risk, estimator in zip(found, [np.linalg.pinv(x), *ridges], strict=True):
        assert risk == pytest.approx(linear_design.excess_risk(estimator, x, 2.0, 0.5))


def test_the_best_penalty_is_best_on_every_design() -> None:
    best = ridge_path.best_penalty(20, 30, 2.0, 0.5)
    for seed in range(5):
        values = ridge_path.eigenvalues(np.random.default_rng(seed).normal(size=(20, 30)))
        others = ridge_path.risks(values, 20, best * np.array([0.5, 0.9, 1.0, 1.1, 2.0]), 2.0, 0.5)
        assert others.argmin() == 2


def test_the_minimum_norm_is_the_limit_of_small_penalties() -> None:
    values = ridge_path.eigenvalues(np.random.default_rng(1).normal(size=(20, 30)))
    found = ridge_path.risks(values, 20, np.array([0.0, 1e-9]), 1.0, 1.0)
    assert found[0] == pytest.approx(found[1], rel=1e-6)
