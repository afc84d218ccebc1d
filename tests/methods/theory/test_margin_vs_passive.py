"""Labels bought near a boundary: chosen by loops among points in full, errors of drawn points, and few dimensions."""

import numpy as np
import pytest

from pipeline.methods.theory.margin_vs_passive import MarginVsPassive, bought
from pipeline.ops import max_margin


def check(**changes: object) -> MarginVsPassive:
    settings = {"dimensions": 300, "budget": 100, "pool": 2000, "mean": 3.0, "band": 0.0}
    return MarginVsPassive(**{**settings, **changes})


def test_the_error_is_that_of_drawn_points() -> None:
    made, random = check(mean=1.0, band=0.2), np.random.default_rng(0)
    signals = random.normal(1, 1, size=400_000)
    signals = signals[signals > 0.2]
    w = np.array([0.6, 0.3, -0.5])
    wrong = w[0] * signals + random.normal(size=(len(signals), 2)) @ w[1:] < 0
    assert made.error(w) == pytest.approx(wrong.mean(), abs=0.003)


def test_the_error_in_closed_form() -> None:
    """All signals above a band that is far above the mean are near it; with no signal in w it is a half."""
    assert check(mean=0.0).error(np.array([0.0, 1.0])) == pytest.approx(0.5)
    # x_1 half-normal: the angle between (1, 0) and w over pi
    assert check(mean=0.0).error(np.array([1.0, 2.0])) == pytest.approx(np.arctan2(2.0, 1.0) / np.pi, abs=1e-4)


def test_points_in_full_have_the_margins_they_were_chosen_by() -> None:
    made = check(dimensions=12, budget=16)
    sample = made.draw(1, np.random.default_rng(1))
    w = max_margin.direction(sample.labelled[:8])
    margins = [w[0] * s + np.linalg.norm(w[1:]) * p for s, p in zip(sample.signals, sample.projections, strict=True)]
    chosen = sorted(range(len(margins)), key=lambda i: abs(margins[i]))[:8]
    points = bought(sample, np.array(chosen), w)
    assert points @ w == pytest.approx(np.array(margins)[chosen])
    gap = made.error(max_margin.direction(np.vstack([sample.labelled[:8], points])))
    gap -= made.error(max_margin.direction(sample.labelled))
    assert made.measure(sample, 1)["gap"] == pytest.approx(gap)


def test_completed_points_are_standard_normal_beside_the_signal() -> None:
    sample = check(dimensions=4, budget=40_000, pool=20_000).draw(1, np.random.default_rng(2))
    points = bought(sample, np.arange(20_000), np.array([0.3, 1.0, -2.0, 0.5]))[:, 1:]
    assert points.mean(0) == pytest.approx(np.zeros(3), abs=0.03)
    assert points.T @ points / 20_000 == pytest.approx(np.eye(3), abs=0.04)


@pytest.mark.parametrize(("dimensions", "sign"), [(300, 1), (10, -1)])
def test_the_nearest_points_help_in_few_dimensions_alone(dimensions: int, sign: int) -> None:
    for mean in (1.0, 3.0):
        made = check(dimensions=dimensions, mean=mean)
        found = [made.measure(made.draw(1, np.random.default_rng(r)), 1)["gap_oracle"] for r in range(8)]
        assert sign * np.mean(found) > 0
