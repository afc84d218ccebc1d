"""Large steps of logistic regression: by loops, on two points by hand, and where the limit is another one."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.batch_limit import BatchLimit
from pipeline.ops import separable


def check(**changes: object) -> BatchLimit:
    settings = {"smallest": 100, "largest": 1_000_000, "steps": 5, "points": 20, "dimensions": 3, "shift": 0.3}
    return BatchLimit(**{**settings, "length": 10, "exceptional": False, **changes})


def test_the_distance_is_that_of_two_loops() -> None:
    made, size = check(), 100
    points = made.draw(size, np.random.default_rng(1))
    logistic, perceptron, farthest = np.zeros(3), np.zeros(3), 0.0
    for step in range(10):
        ascent, moved = np.zeros(3), np.zeros(3)
        for point in points:
            ascent += point / (1 + math.exp(min(point @ logistic, 700))) / len(points)
            if step == 0:
                moved += point / 2 / len(points)
            elif point @ perceptron <= 0:
                moved += point / len(points)
        logistic, perceptron = logistic + size * ascent, perceptron + moved
        farthest = max(farthest, float(np.linalg.norm(logistic / size - perceptron)))
    assert made.measure(points, size)["distance"] == pytest.approx(farthest, rel=1e-9)


def test_two_points_by_hand() -> None:
    """(1, -1) and (1, 4): theta_1 = (2, 3) gamma / 4, theta_2 = (4, 1) gamma / 4."""
    found = check().measure(check().draw(100, np.random.default_rng(0)), 100)
    assert found["loss"] == pytest.approx(math.log1p(math.exp(25)) / 2)
    assert found["margin"] == pytest.approx(0.75)
    assert abs(4 * found["loss"] / 100 - 1) > 0.1, "a constant of a quarter would be seen"


def test_the_distance_vanishes_for_large_steps_alone() -> None:
    made = check(points=100, dimensions=20, length=50)
    draws = [made.draw(1, np.random.default_rng(seed)) for seed in range(5)]
    near, far = ([made.measure(points, size)["distance"] for points in draws] for size in (1_000_000, 10))
    assert max(near) < 1e-3 < 1e-2 < min(far)


def test_a_perceptron_without_its_first_half_step_would_be_seen() -> None:
    made = check()
    points = made.draw(1, np.random.default_rng(1))
    found = separable.path(points, separable.logistic(1e6), 1) / 1e6
    assert np.linalg.norm(found[0] - points.mean(0)) > 0.1
    assert np.linalg.norm(found[0] - points.mean(0) / 2) < 1e-12


def test_the_exceptional_point_is_on_the_boundary() -> None:
    made = check(exceptional=True)
    points = made.draw(1, np.random.default_rng(1))
    assert (points @ separable.path(points, separable.perceptron, 1)[0])[0] == 0
    for size in (1e2, 1e6):
        assert made.measure(points, int(size))["distance"] > 0.1
