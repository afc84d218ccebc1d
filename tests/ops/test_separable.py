"""Margins against a support vector machine, and steps against loops over points."""

import math

import numpy as np
import pytest

from pipeline.ops import separable

SIGNED = separable.drawn(30, 4, 0.2, np.random.default_rng(0))


def test_points_keep_their_distance_from_the_hyperplane() -> None:
    assert SIGNED.shape == (30, 4)
    assert SIGNED[:, 0].min() >= 0.2 and SIGNED[:, 1].min() < 0


def test_the_margin_is_that_of_a_support_vector_machine() -> None:
    from sklearn.svm import SVC

    both = np.vstack([SIGNED, -SIGNED])
    machine = SVC(C=1e8, kernel="linear", tol=1e-8).fit(both, np.repeat([1, -1], len(SIGNED)))
    assert separable.margin(SIGNED) == pytest.approx(1 / np.linalg.norm(machine.coef_), rel=1e-4)
    assert separable.margin(SIGNED) >= SIGNED[:, 0].min()


def test_margins_in_closed_form() -> None:
    assert separable.margin(np.array([[3.0, 4.0]])) == pytest.approx(5)
    assert separable.margin(np.array([[1.0, 2.0], [1.0, -2.0]])) == pytest.approx(1)
    assert separable.margin(np.array([[1.0, 0.0], [-2.0, 0.0]])) == pytest.approx(0, abs=1e-6)


def sums(theta: list[float], weight: object) -> tuple[list[float], float]:
    """Of signed points times their weights, and of weights."""
    moved, total = [0.0] * len(theta), 0.0
    for point in SIGNED:
        each = weight(sum(a * b for a, b in zip(point, theta, strict=True)))  # type: ignore[operator]
        moved, total = [a + each * b for a, b in zip(moved, point, strict=True)], total + each
    return moved, total


@pytest.mark.parametrize("way", ["logistic", "normalised", "perceptron"])
def test_steps_are_those_of_loops(way: str) -> None:
    steps = {
        "logistic": separable.logistic(3),
        "normalised": separable.normalised(3),
        "perceptron": separable.perceptron,
    }
    found, theta = separable.path(SIGNED, steps[way], 4), [0.0] * 4
    for count in range(4):
        half = 0.5 if count == 0 else 1.0
        falling = lambda m, half=half: half * (m <= 0) if way == "perceptron" else 1 / (1 + math.exp(m))  # noqa: E731
        moved, total = sums(theta, falling)
        scale = 3 / total if way == "normalised" else {"logistic": 3, "perceptron": 1}[way] / 30
        theta = [a + scale * b for a, b in zip(theta, moved, strict=True)]
        assert found[count] == pytest.approx(theta)


def test_iterations_count_until_all_are_on_their_side() -> None:
    assert separable.iterations(np.eye(2), separable.perceptron, 5) == 1
    assert separable.iterations(np.array([[1.0, -1.0], [1.0, 4.0]]), separable.perceptron, 5) == 2
    assert separable.iterations(np.array([[1.0], [-1.0]]), separable.perceptron, 5) == 6, "none separates"
