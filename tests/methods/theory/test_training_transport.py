"""Distance of a sphere from training points: by all assignments, for even points, and a wrong exponent."""

import itertools

import numpy as np
import pytest

from pipeline.methods.theory.training_transport import TrainingTransport, transport
from pipeline.ops.rates import slopes


def check(dimension: int = 4) -> TrainingTransport:
    return TrainingTransport(smallest=16, largest=64, steps=3, dimension=dimension)


def test_by_all_assignments() -> None:
    points = np.random.default_rng(0).normal(size=(8, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    trained, fresh = np.repeat(points[:2], 3, axis=0), points[2:]
    least = min(
        np.mean([np.arccos(fresh[i] @ trained[j]) for i, j in enumerate(order)])
        for order in itertools.permutations(range(6))
    )
    assert transport(points[:2], fresh) == pytest.approx(least)


def test_even_points_on_a_circle_are_a_quarter_of_an_arc_away() -> None:
    def circle(angles: np.ndarray) -> np.ndarray:
        return np.stack([np.cos(angles), np.sin(angles)], 1)

    arc = 2 * np.pi / 10
    fresh = (np.arange(40) + 0.5) / 4 * arc - arc / 2
    found = transport(circle(np.arange(10) * arc), circle(fresh))
    assert found == pytest.approx(arc / 4)
    assert found < check(1).predicted(10)["transport"], "of even points the stated distance is a bound"


def test_the_rate_and_the_bound_in_four_dimensions_and_neither_on_a_circle() -> None:
    for dimension, sign in ((4, 1), (1, -1)):
        made = check(dimension)
        sizes = made.sizes()
        rows = [[made.measure(made.draw(n, np.random.default_rng(s)), n)["transport"] for n in sizes] for s in range(6)]
        summary = made.summary(sizes, {"transport": np.array(rows)})
        assert sign * summary["looseness"].mean() > 0
        exponent = summary["exponent"].mean()
        assert exponent == pytest.approx(slopes(sizes, np.array(rows)).mean())
        assert (abs(exponent + 1 / dimension) < 0.06) == (dimension == 4)
