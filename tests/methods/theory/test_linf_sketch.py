"""Errors of sketched regression: by hand, in expectation, and with a constant that is wrong."""

import numpy as np
import pytest

from pipeline.methods.theory.linf_sketch import LinfSketch, _rho
from pipeline.ops import sketches

SETTINGS = {"smallest": 8, "largest": 64, "steps": 3, "oversampling": 8, "dense_columns": False, "sketched": 3}


def check(**changes: object) -> LinfSketch:
    return LinfSketch(**{**SETTINGS, **changes})


@pytest.mark.parametrize("dense", [True, False])
def test_the_instance_is_what_the_formula_assumes(dense: bool) -> None:
    a, b = check(dense_columns=dense)._instance(8, np.random.default_rng(0))
    assert a.T @ a == pytest.approx(np.eye(8), abs=1e-12)
    assert a.T @ b == pytest.approx(np.zeros(8), abs=1e-12) and np.linalg.norm(b) == pytest.approx(1)


def test_rho_by_loops() -> None:
    random = np.random.default_rng(1)
    made = [random.normal(size=(40, 5)) for _ in range(3)]
    total = 0.0
    for sketched in made:
        solution = np.linalg.lstsq(sketched[:, :4], sketched[:, 4], rcond=None)[0]
        total += 4 * max(abs(value) for value in solution) ** 2 / 3
    assert _rho(made) == pytest.approx((total / (2 * np.log(8))) ** 0.5)


def test_a_collision_moves_one_coordinate_by_the_entry_it_meets() -> None:
    """Columns in rows 0 and 1, an entry of b of 1 / 4 in row 1 and another in row 2."""
    sketched = np.array([[1, 0, 0], [0, -1, 0.25], [0, 0, 0.25]])
    assert sketches.least_squares(sketched) == pytest.approx([0, -0.25])
    assert _rho([sketched]) == pytest.approx(np.sqrt(2) / 4 / np.sqrt(2 * np.log(4)))


def test_gaussian_errors_have_the_variance_of_an_inverse_wishart_matrix() -> None:
    """E |x' - x*|^2 = d / (m - d - 1), from which the exponent in m at m = 8 d and 32 d is -0.537, and not -1/3."""
    random, d, m = np.random.default_rng(2), 6, 48
    a, b = check()._instance(d, random)
    drawn = [sketches.least_squares(sketches.apply("gaussian", m, a, b, random)) for _ in range(2000)]
    assert np.mean(np.square(drawn)) * d == pytest.approx(d / (m - d - 1), rel=0.05)
    assert np.log((8 - 1) / (32 - 1)) / np.log(16) == pytest.approx(-0.537, abs=1e-3)


def test_the_sparse_sketch_is_worse_at_many_columns_and_with_dense_ones_is_not() -> None:
    quotients = {}
    for dense in (False, True):
        found = check(dense_columns=dense, sketched=60).measure(np.random.default_rng(3), 32)
        quotients[dense] = found["sparse"] / found["gaussian"]
        assert found.get("hadamard", found["gaussian"]) / found["gaussian"] == pytest.approx(1, abs=0.2)
    assert quotients[False] > 1.25
    assert quotients[True] == pytest.approx(1, abs=0.2)
