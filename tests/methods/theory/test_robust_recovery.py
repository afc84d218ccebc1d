"""Robust recovery: where the truth is left alone, what stays of columns too many, and assumptions removed."""

import numpy as np
import pytest

from pipeline.methods.theory.robust_recovery import RobustRecovery
from pipeline.ops import matrix_sensing
from pipeline.ops.matrix_sensing import Start

SETTINGS = {"dimension": 8, "rank": 2, "measurements": 150, "wrong": 0.2, "start": 1e-5, "large_start": 0.3}
SETTINGS |= {"iterations": 1200, "step_size": 0.1, "decay": 0.995}


def check(**changes: object) -> RobustRecovery:
    return RobustRecovery(**{**SETTINGS, **changes})


def measured(made: RobustRecovery, repetitions: int) -> dict[str, np.ndarray]:
    rows = [made.measure(made.draw(1, np.random.default_rng(seed)), 1) for seed in range(repetitions)]
    return made.summary([1], {name: np.array([[row[name]] for row in rows]) for name in rows[0]})


def test_the_matrix_is_recovered_whatever_the_rank_and_the_errors_and_not_by_squares() -> None:
    found = measured(check(), 6)
    assert found["level"].max() < 0.01 and found["level_squared"].min() > 0.3
    assert abs(found["log_ratio_rank"].mean()) < 0.5 and abs(found["log_ratio_errors"].mean()) < 0.5
    assert found["log_ratio_start"].mean() > 1.1, "and a large start would be seen"


def test_without_wrong_answers_squares_recover_it_too() -> None:
    """So that it is the wrong answers which the control fails on."""
    assert measured(check(wrong=1e-9, measurements=100), 3)["level_squared"].max() < 0.01


def test_a_start_dies_where_steps_decay_too_fast() -> None:
    """It grows at most by exp(2 sqrt(2 / pi) sum of steps), which 0.1 / 0.015 lets be no more than 1e5."""
    assert np.exp(2 * np.sqrt(2 / np.pi) / np.sqrt(2) * 0.1 / (1 - 0.985)) * 1e-5 < 0.1
    assert measured(check(decay=0.985), 2)["level"].min() > 0.9


def test_zero_columns_stay_zero() -> None:
    sensing = check().draw(1, np.random.default_rng(0))
    rank_one = matrix_sensing.recovered(sensing, [Start(0.1, 1, 0.0)], 300, 0.1, 0.99)[0]
    assert rank_one >= np.sqrt(1 / 2) - 1e-9, "one column leaves at least one of two equal parts"
    assert rank_one == pytest.approx(np.sqrt(1 / 2), abs=0.1)
