"""Polynomial features: their span against monomials, and weighted least squares by normal equations."""

from math import comb

import numpy as np
import pytest

from pipeline.ops import polynomial_features as features


@pytest.mark.parametrize(("degree", "axes"), [(1, 2), (4, 2), (3, 3), (7, 1)])
def test_the_columns_are_orthonormal_and_span_the_monomials(degree: int, axes: int) -> None:
    points = np.random.default_rng(0).uniform(-1, 1, size=(300, axes))
    found = features.orthonormal(points, degree)
    assert found.shape == (300, comb(degree + axes, axes))
    assert found.T @ found == pytest.approx(np.eye(found.shape[1]), abs=1e-10)
    powers = [e for e in np.ndindex(*[degree + 1] * axes) if sum(e) <= degree]
    monomials = np.stack([np.prod(points**e, 1) for e in powers], 1)
    assert found @ (found.T @ monomials) == pytest.approx(monomials, abs=1e-10)
    hat = monomials @ np.linalg.pinv(monomials)
    assert (found**2).sum(1) == pytest.approx(np.diag(hat), abs=1e-8), "leverages are those of any basis"


def test_a_grid_has_every_pair_once() -> None:
    assert features.grid(3).tolist() == [[a, b] for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)]


def test_weighted_least_squares_by_normal_equations() -> None:
    random = np.random.default_rng(1)
    basis, values, chances = random.normal(size=(60, 5)), random.normal(size=60), random.uniform(0.2, 1, size=60)
    chosen = random.random(60) < 0.5
    a, weight = basis[chosen], 1 / chances[chosen, None]
    expected = np.linalg.inv(a.T @ (weight * a)) @ (a.T @ (weight[:, 0] * values[chosen]))
    assert features.weighted(basis, values, chances, chosen) == pytest.approx(expected)


def test_of_too_few_rows_the_shortest_solution() -> None:
    basis, values = np.eye(4), np.arange(1.0, 5.0)
    found = features.weighted(basis, values, np.full(4, 0.25), np.array([True, False, False, True]))
    assert found == pytest.approx([1.0, 0.0, 0.0, 4.0])
