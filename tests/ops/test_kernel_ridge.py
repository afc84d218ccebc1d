"""The deterministic equivalent: by iteration, in closed form, and against ridge regression on drawn features."""

import numpy as np
import pytest

from pipeline.ops import kernel_ridge, ridge_path


def test_bins_stand_for_all_modes() -> None:
    j, counts = kernel_ridge.modes(10**5, 100)
    assert counts.sum() == 10**5 - 1 and np.all(np.diff(j) > 0)
    for power in (-1.6, -2.0):
        assert (counts @ j**power) == pytest.approx((np.arange(1, 1e5) ** power).sum(), rel=1e-3)


def test_the_risk_by_iterating_the_equation() -> None:
    eigenvalues, squares = np.arange(1, 51.0) ** -2, np.arange(1, 51.0) ** -1.5
    kappa = 0.01
    for _ in range(2000):
        kappa = 0.01 + kappa / 20 * sum(eigenvalue / (eigenvalue + kappa) for eigenvalue in eigenvalues)
    degrees = sum((each / (each + kappa)) ** 2 for each in eigenvalues) / 20
    bias = sum(square * (kappa / (each + kappa)) ** 2 for each, square in zip(eigenvalues, squares, strict=True))
    found = kernel_ridge.equivalent_risk(eigenvalues, squares, np.ones(50), 0.01, 0.5, 20)
    assert found == pytest.approx((bias + 0.5 * degrees) / (1 - degrees))


def test_equal_eigenvalues_are_ridge_regression_on_normal_features() -> None:
    values = ridge_path.eigenvalues(np.random.default_rng(0).normal(size=(800, 400)))
    drawn = ridge_path.risks(values, 800, np.array([0.3]), 2.0, 0.5)[0]
    found = kernel_ridge.equivalent_risk(np.ones(400), np.full(400, 2.0 / 400), np.ones(400), 0.3, 0.5, 800)
    assert found == pytest.approx(drawn, rel=0.02)
