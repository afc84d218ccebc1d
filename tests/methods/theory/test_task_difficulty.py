"""Difficulty by dimension and resolution: exponents, and where they end."""

import numpy as np
import pytest

from pipeline.methods.theory.task_difficulty import DIMENSIONS, TaskDifficulty
from pipeline.ops.difficulty import log_bits


def found(**changes: object) -> dict[str, float]:
    made = TaskDifficulty(**{"smallest": 10, "largest": 160, "steps": 5, "examples": 100, "error": 0.01, **changes})
    sizes = made.sizes()
    rows = [made.measure(np.random.default_rng(0), size) for size in sizes]
    curves = {name: np.array([[row[name] for row in rows]]) for name in rows[0]}
    return {name: float(values[0]) for name, values in made.summary(sizes, curves).items()}


def test_exponents_are_dimensions_and_others_would_be_seen() -> None:
    assert found()["deviation"] < 0.1
    for m in DIMENSIONS:
        exponent = (log_bits(m, 2e6, 1, 0.01) - log_bits(m, 1e6, 1, 0.01)) / np.log(2)
        assert exponent == pytest.approx(m, abs=0.05), "in the limit"
        assert abs(exponent / (m + 1) - 1) > 0.05


def test_dimensions_by_hand() -> None:
    difficulties = [float(log_bits(m, 10, 100, 0.01, 9, 10)) for m in DIMENSIONS]
    least = min(
        (after - before) / (m - n)
        for before, after, n, m in zip(difficulties, difficulties[1:], DIMENSIONS, DIMENSIONS[1:], strict=False)
    )
    assert found()["log_ratio_dimension"] == pytest.approx(least) and least > np.log(2)


def test_at_a_coarse_resolution_dimensions_make_it_easier() -> None:
    coarse = found(smallest=1, largest=16)
    assert coarse["log_ratio_dimension"] < 0 > coarse["log_ratio"]
