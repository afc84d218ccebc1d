"""The lifted problem: by loops and differences, projections by singular values, and the classifier by its gradient."""

import math

import numpy as np
import pytest

from pipeline.ops import dictionary


def problem(seed: int = 0) -> dictionary.Problem:
    random = np.random.default_rng(seed)
    return dictionary.Problem(random.normal(size=(12, 4)), random.choice([-1.0, 1.0], 12), 0.7, 0.5)


def test_value_and_gradient() -> None:
    made, random = problem(), np.random.default_rng(1)
    z = random.normal(size=(4, 13))
    a, b = made.scale * z[:, 0], z[:, 1:]
    losses = sum(math.log(1 + math.exp(-y * (a @ x))) for x, y in zip(made.points, made.labels, strict=True))
    missed = sum((made.points[i, j] - b[j, i]) ** 2 for i in range(12) for j in range(4))
    assert made.value(z) == pytest.approx(losses + 0.7 * missed + 0.25 * sum(each**2 for each in a), rel=1e-12)
    gradient, step = made.gradient(z), 1e-6
    for place in ((0, 0), (3, 0), (2, 5)):
        moved = np.zeros_like(z)
        moved[place] = step
        assert gradient[place] == pytest.approx((made.value(z + moved) - made.value(z - moved)) / (2 * step), abs=1e-6)


def test_curvatures_bound_what_gradients_change_by() -> None:
    made, random = problem(), np.random.default_rng(2)
    least, largest = made.curvatures
    for _ in range(50):
        one, other = random.normal(size=(2, 4, 13))
        change = np.sum((made.gradient(one) - made.gradient(other)) * (one - other)) / np.sum((one - other) ** 2)
        assert least <= change <= largest * (1 + 1e-9)


def test_a_projection_is_the_truncated_singular_values() -> None:
    z = np.random.default_rng(3).normal(size=(4, 13))
    left, values, right = np.linalg.svd(z, full_matrices=False)
    assert dictionary.project(z, 2) == pytest.approx((left[:, :2] * values[:2]) @ right[:2], abs=1e-10)


def test_the_classifier_is_where_its_gradient_vanishes_and_nowhere_is_lower() -> None:
    made, random = problem(), np.random.default_rng(4)
    found = dictionary.logistic(made)

    def lifted(classifier: np.ndarray) -> np.ndarray:
        return np.column_stack([classifier / made.scale, made.points.T])

    assert made.gradient(lifted(found)) == pytest.approx(np.zeros((4, 13)), abs=1e-9)
    assert all(made.value(lifted(found + 0.1 * random.normal(size=4))) > made.value(lifted(found)) for _ in range(20))
