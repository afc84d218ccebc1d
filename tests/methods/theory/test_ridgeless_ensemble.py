"""Ensembles of minimum-norm fits: all subsamples by enumeration, the limit's equation, and a wrong penalty."""

import itertools

import numpy as np
import pytest

from pipeline.methods.theory.ridgeless_ensemble import RidgelessEnsemble
from pipeline.ops import linear_design, ridge_path

SMALL = {"smallest": 2, "largest": 3, "steps": 2, "examples": 7, "dimensions": 5, "pairs": 0}


def check(**changes: object) -> RidgelessEnsemble:
    defaults = {"smallest": 20, "largest": 80, "steps": 6, "examples": 200, "dimensions": 100, "pairs": 0}
    return RidgelessEnsemble(**{**defaults, **changes})


def measured(made: RidgelessEnsemble, size: int, repetitions: int) -> dict[str, np.ndarray]:
    found = [made.measure(made.draw(size, np.random.default_rng(seed)), size) for seed in range(repetitions)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def test_two_halves_give_the_squares_of_the_ensemble_of_all_subsamples() -> None:
    """The same design, all 21 subsamples of 2, and cross-validation with a trace that is taken."""
    made, (n, p, k) = check(**SMALL), (7, 5, 2)
    design = made.draw(k, np.random.default_rng(0)).design
    whole = np.zeros((p, n))
    for chosen in itertools.combinations(range(n), k):
        whole[:, chosen] += np.linalg.pinv(design.x[list(chosen)]) / 21
    left = np.eye(n) - design.x @ whole
    risk = linear_design.excess_risk(whole, design.x, 1.0, 1.0)
    degrees = np.trace(design.x @ whole)
    validated = (np.sum((left @ design.x) ** 2) / p + np.sum(left**2)) / n / (1 - degrees / n) ** 2 - 1
    random, found = np.random.default_rng(1), []
    for _ in range(300):
        sample = made.draw(k, random)
        halves = np.zeros_like(sample.halves)
        for number in range(24):
            rows = random.permutation(n)[:k]
            halves[number % 2][:, rows] += np.linalg.pinv(design.x[rows]) / 12
        found.append(made.measure(sample._replace(design=design, halves=halves), k))
    assert degrees == pytest.approx(k)
    assert np.mean([each["risk"] for each in found]) == pytest.approx(risk, rel=0.04)
    assert np.mean([each["validated"] for each in found]) == pytest.approx(validated, rel=0.04)


def test_what_is_drawn_fits_its_subsamples() -> None:
    sample = check(**SMALL).draw(2, np.random.default_rng(0))
    assert sample.halves.shape == (2, 5, 7) and not np.allclose(*sample.halves)
    pair = check(**{**SMALL, "pairs": 1}).draw(2, np.random.default_rng(0))
    assert np.array_equal(*pair.halves) and len(pair.rows) in (2, 3, 4)
    assert np.trace(pair.design.x @ pair.halves[0]) == pytest.approx(2), "either member's trace is its size"


@pytest.mark.parametrize("size", [20, 50, 80])
def test_the_limit_solves_the_fixed_point_equation_of_either_side(size: int) -> None:
    """1 / v = penalty + phi / (1 + v) for ridge, 1 / v = phi_s / (1 + v) for the ensemble, and one risk of v."""
    phi, aspect = 0.5, 100 / size
    v, penalty = 1 / (aspect - 1), (aspect - 1) * (aspect - phi) / aspect
    assert 1 / v == pytest.approx(penalty + phi / (1 + v)) and 1 / v == pytest.approx(aspect / (1 + v))
    risk = ((1 + v) ** -2 + 1) / (1 - phi * (v / (1 + v)) ** 2) - 1
    assert check().predicted(size)["risk"] == pytest.approx(risk)
    values = ridge_path.eigenvalues(np.random.default_rng(0).normal(size=(1600, 800)))
    assert ridge_path.risks(values, 1600, np.array([penalty]), 1.0, 1.0)[0] == pytest.approx(risk, rel=0.01)


def test_the_matching_penalty_is_found_and_another_would_be_seen() -> None:
    found = measured(check(), 80, 5)
    assert np.mean(found["risk"] / found["matched"]) == pytest.approx(1, abs=0.05)
    values = ridge_path.eigenvalues(check().draw(80, np.random.default_rng(0)).design.x)
    wrong = ridge_path.risks(values, 200, np.array([100 / 80 - 1]), 1.0, 1.0)
    assert np.mean(found["risk"]) / wrong[0] - 1 > 0.1, "phi_s less 1 alone, without the data's own ratio"


def test_cross_validation_is_right_for_all_subsamples_and_wrong_for_two() -> None:
    every, two = measured(check(), 50, 5), measured(check(pairs=1), 50, 5)
    assert np.mean((every["validated"] + 1) / (every["risk"] + 1)) == pytest.approx(1, abs=0.01)
    assert np.mean((two["validated"] + 1) / (two["risk"] + 1)) > 1.1
    assert np.mean(every["validated_once"]) == pytest.approx(np.mean(every["validated"]), abs=0.3)


def test_the_summary_takes_the_best_and_the_worst_size() -> None:
    curves = {
        "risk": np.array([[3.0, 2.0], [3.2, 2.1]]),
        "ridge": np.array([[2.0, 2.0], [2.0, 2.0]]),
        "matched": np.array([[3.0, 1.0], [3.2, 1.0]]),
        "validated": np.array([[3.0, 3.0], [3.2, 3.2]]),
        "validated_once": np.array([[1.0, 3.0], [3.0, 1.0]]),
    }
    found = check().summary([20, 80], curves)
    assert found["log_ratio"] == pytest.approx(np.log([1.0, 1.05]))
    assert found["log_ratio_tuned"] == pytest.approx(np.log([4 / 3, 3.1 / 3]))
    assert found["deviation"] == pytest.approx([1.0, 1.1])
    assert found["deviation_validated"] == pytest.approx([4 / 3 - 1, 4.2 / 3.1 - 1])
