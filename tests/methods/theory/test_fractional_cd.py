"""Coordinate descent on fractions: two unknowns by a grid, the hierarchy, and a concave denominator."""

import numpy as np
import pytest

from pipeline.methods.theory.fractional_cd import FractionalCd
from pipeline.ops import fractional


def check(**changes: object) -> FractionalCd:
    return FractionalCd(**{"examples": 12, "columns": 6, "top": 2, "weight": 0.3, "concave": False, **changes})


def measured(made: FractionalCd, repetitions: int = 40) -> dict[str, np.ndarray]:
    found = [made.measure(made.draw(1, np.random.default_rng(seed)), 1) for seed in range(repetitions)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def test_a_concave_denominator_leaves_one_minimum_which_a_grid_finds() -> None:
    random = np.random.default_rng(0)
    made = fractional.Problem(random.normal(size=(5, 2)), random.normal(size=5), 0.3, 0)
    x = fractional.coordinate_descent(made, np.array([1.0, -1.0]))
    grid = np.linspace(-2, 2, 201)
    values = [made.value(np.array([u, v])) for u in grid for v in grid if u**2 + v**2 < 7.9]
    assert min(values) * (1 - 1e-3) < made.value(x) <= min(values)


def test_the_hierarchy_holds_one_way_only() -> None:
    found = measured(check())
    assert not found["violation"].any() and found["violation_converse"].mean() > 0.1
    assert found["log_ratio"].mean() > 0 and found["gap"].mean() > 0.01


def test_with_a_concave_denominator_all_end_at_one_value() -> None:
    found = measured(check(concave=True))
    assert found["gap"].max() < 1e-9 and not found["violation_converse"].any()


def test_a_descent_that_is_stopped_early_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """After one sweep it is at no coordinate-wise stationary point, and the other method lowers it."""
    whole = fractional.coordinate_descent
    monkeypatch.setattr(fractional, "coordinate_descent", lambda problem, start: whole(problem, start, sweeps=1))
    assert measured(check(), 20)["violation"].mean() > 0.5
