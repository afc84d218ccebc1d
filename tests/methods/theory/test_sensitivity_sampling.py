"""Sensitivities and distortions: by linear programs, by many directions, and with scores that are wrong."""

import numpy as np
import pytest

from pipeline.methods.theory.sensitivity_sampling import SensitivitySampling, corners, distortions
from pipeline.methods.theory.small_sensitivity import SmallSensitivity, sensitivity


def check(**changes: object) -> SensitivitySampling:
    given = {"smallest": 16, "largest": 256, "steps": 3, "rows": 40, "long": 3, "length": 100.0}
    return SensitivitySampling(**{**given, **changes})


def curves(made: SensitivitySampling, repetitions: int = 6) -> dict[str, np.ndarray]:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(seed)), size) for size in made.sizes()]
        for seed in range(repetitions)
    ]
    return {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}


def test_sensitivities_at_corners_are_those_of_linear_programs() -> None:
    matrix, _ = check().draw(16, np.random.default_rng(0))
    found = corners(matrix).max(0)
    assert found == pytest.approx([sensitivity(matrix, row) for row in range(40)], rel=1e-6)
    assert 1 < found.sum() <= 3, "between 1 and the dimension"


def test_no_direction_is_distorted_more_than_corners_and_some_nearly_as_much() -> None:
    random = np.random.default_rng(1)
    matrix = random.normal(size=(12, 3))
    weights = random.multinomial(8, np.full(12, 1 / 12), 1) * 12 / 8
    exact = distortions(corners(matrix), weights)[0]
    norms = np.abs(random.normal(size=(200_000, 3)) @ matrix.T)
    ratios = norms @ weights[0] / norms.sum(1)
    assert 0.97 * exact < np.abs(ratios - 1).max() <= exact * (1 + 1e-9)


def test_a_lost_dimension_is_a_distortion_of_one() -> None:
    matrix = np.vstack([np.eye(3), np.ones((1, 3))])
    assert distortions(corners(matrix), np.array([[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])) == pytest.approx([1, 0])


def test_the_error_falls_as_the_root_and_uniform_samples_miss_long_rows() -> None:
    made = check()
    found = made.summary(made.sizes(), curves(made))
    assert found["exponent"].mean() == pytest.approx(-0.5, abs=0.1), "an exponent of -1 would be seen"
    assert found["level"].max() < 1 < found["level"].min() * 2, "half the bound would be violated"
    assert found["log_ratio_uniform"].mean() > 0.8
    alike = check(long=0)
    assert alike.summary(alike.sizes(), curves(alike))["log_ratio_uniform"].mean() < 0.5


def test_total_sensitivity_of_even_directions_and_of_axes() -> None:
    made = SmallSensitivity(smallest=4, largest=8, steps=2, copies=40, axes=False)
    random = np.random.default_rng(0)
    rows = made.draw(8, random)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(320))
    directions = made.draw(8, random)
    assert made.predicted(8)["total"] == pytest.approx(1 / np.abs(directions @ rows.T).mean(), rel=0.02)
    assert made.measure(rows, 8)["total"] == pytest.approx(made.predicted(8)["total"], rel=0.1)
    axes = SmallSensitivity(smallest=4, largest=8, steps=2, copies=5, axes=True)
    assert axes.measure(axes.draw(6, random), 6)["total"] == pytest.approx(6)


def test_fewer_rows_than_the_rank_lose_a_direction() -> None:
    rows = SmallSensitivity(smallest=4, largest=8, steps=2, copies=40, axes=False).draw(8, np.random.default_rng(0))
    lost = np.linalg.svd(rows[:7])[2][-1]
    assert np.abs(rows[:7] @ lost).sum() < 1e-9 < np.abs(rows @ lost).sum()
