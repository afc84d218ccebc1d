"""Intervals hold the truth as often as they say: a short version of benchmarks/coverage.py."""

import pytest

from benchmarks import coverage
from benchmarks.coverage import KINDS

TOLERANCE = 3 * (0.95 * 0.05 / 400) ** 0.5
"""Three deviations of a share of 400 that is 95%."""


@pytest.mark.parametrize("name", ["mean", "difference of two methods"])
@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.3), (3, 1.0), (5, 0.3)])
def test_intervals_are_neither_too_narrow_nor_those_of_99_percent(name: str, seeds: int, spread: float) -> None:
    found = coverage.coverage(KINDS[name], seeds, 100, spread, 400)
    # 0.985 to 0.9975 where the examples' noise was widened with the seeds'
    assert 0.95 - TOLERANCE < found < 0.985


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_without_examples_it_is_students_interval(seeds: int) -> None:
    assert coverage.coverage(KINDS["metric without examples"], seeds, 50, 1.0, 1000) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("name", ["AUROC", "FPR95"])
def test_detection_resamples_both_sides_and_the_threshold(name: str) -> None:
    """With one side held fixed it was 0.75."""
    found = coverage.coverage(KINDS[name], 3, 60, 0.3, 100)
    assert 0.89 < found <= 1.0
