"""Accelerated gradients by the published updates and loops, and where there is nothing to accelerate."""

import numpy as np
import pytest

from pipeline.methods.theory.nonconvex_ag import NonconvexAG
from pipeline.ops import folded_concave

SETTINGS = {"examples": 60, "columns": 40, "correlation": 0.9, "penalty": "scad", "orthogonal": False}
SETTINGS |= {"threshold": 0.5, "accuracy": 1e-4}


def check(**changes: object) -> NonconvexAG:
    return NonconvexAG(**{**SETTINGS, **changes})


def slowly(made: folded_concave.Problem, accuracy: float) -> tuple[list[float], int]:
    """Entry by entry, as in Ghadimi and Lan's algorithm."""
    d, beta, alpha = made.x.shape[1], 0.99 / made.curvature, 1.0
    b, b_ag, count = [0.0] * d, [0.0] * d, 0
    while True:
        count += 1
        alpha = 2 / (1 + (1 + 4 / alpha**2) ** 0.5)
        b_md = [(1 - alpha) * b_ag[j] + alpha * b[j] for j in range(d)]
        slopes = made.gradient(np.array(b_md))
        for j in range(d):
            for where, start, step in ((b, b[j], beta / alpha), (b_ag, b_md[j], beta)):
                z = start - step * slopes[j]
                where[j] = 0.0 if abs(z) <= step * 0.5 else z - step * 0.5 * np.sign(z)
        if max(abs(b_md[j] - b_ag[j]) for j in range(d)) / beta < accuracy:
            return b_ag, count


@pytest.mark.parametrize("penalty", ["scad", "mcp"])
def test_the_updates_by_loops(penalty: str) -> None:
    made = check(penalty=penalty).draw(1, np.random.default_rng(0))
    b, count = slowly(made, 1e-4)
    found, counted = folded_concave.solved(made, True, 1e-4)
    assert count == counted and found == pytest.approx(b, abs=1e-12)


def test_columns_are_correlated_as_they_should_be_or_orthogonal() -> None:
    x = check(examples=4000).draw(1, np.random.default_rng(1)).x
    assert np.corrcoef(x.T)[3, 5] == pytest.approx(0.81, abs=0.03)
    assert x.mean(0) == pytest.approx(np.zeros(40), abs=1e-12)
    x = check(orthogonal=True).draw(1, np.random.default_rng(1)).x
    assert x.T @ x / 60 == pytest.approx(np.eye(40), abs=1e-9)


def test_it_is_faster_with_correlated_columns_and_not_with_orthogonal_ones() -> None:
    for orthogonal, sign in ((False, 1), (True, -1)):
        made = check(orthogonal=orthogonal)
        found = [made.measure(made.draw(1, random), 1) for random in map(np.random.default_rng, range(6))]
        assert sign * np.mean([each["log_ratio"] for each in found]) > 0
        assert np.median([each["gap"] for each in found]) < 0.05, "one in six ends at another critical point"


def test_other_steps_would_be_seen() -> None:
    """A step of lambda = beta for both sequences averages, and accelerates nothing."""
    made = check().draw(1, np.random.default_rng(2))
    _, right = folded_concave.solved(made, True, 1e-4)
    step, b, b_ag, alpha, count = 0.99 / made.curvature, np.zeros(40), np.zeros(40), 1.0, 0
    while count < 3 * right:
        count, alpha = count + 1, folded_concave.damping(alpha)
        b_md = (1 - alpha) * b_ag + alpha * b
        slopes = made.gradient(b_md)
        b, b_ag = (folded_concave.soft(start - step * slopes, step * 0.5) for start in (b, b_md))
        if np.abs(b_md - b_ag).max() / step < 1e-4:
            break
    assert count > 1.5 * right
