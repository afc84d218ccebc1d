"""Interpolation of noisy labels: by gradient descent on the kernel, in closed form, and without the assumptions."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.ntk_benign import Mixture, NtkBenign, error, interpolated, steepness
from pipeline.ops.tangent_kernel import kernel


def check(**changes: object) -> NtkBenign:
    settings = {"dimensions": 1000, "mean": 8.0, "examples": 60, "tests": 150, "flipped": 0.15, "layers": 3}
    return NtkBenign(**{**settings, **changes})


def test_lazy_training_ends_at_the_interpolant() -> None:
    """Gradient descent on squared loss in function space, from zero."""
    sample = check(dimensions=40, examples=20, tests=5).draw(1, np.random.default_rng(0))
    inner, outer = kernel(sample.train, sample.train, 3), kernel(sample.test, sample.train, 3)
    fitted, values = np.zeros(20), np.zeros(5)
    eta = 1 / np.linalg.eigvalsh(inner)[-1]
    for _ in range(3000):
        left = sample.noisy - fitted
        fitted, values = fitted + eta * inner @ left, values + eta * outer @ left
    assert interpolated(sample, 3)[0] == pytest.approx(sample.noisy)
    assert interpolated(sample, 3)[1] == pytest.approx(values, abs=1e-6)


def test_steepness_and_error_by_loops() -> None:
    sample = check(dimensions=3, examples=6, tests=4).draw(1, np.random.default_rng(1))
    values = interpolated(sample, 2)[1]
    slopes = [
        abs(value - label) / math.dist(point, other)
        for value, point in zip(values, sample.test, strict=True)
        for label, other in zip(sample.noisy, sample.train, strict=True)
    ]
    assert steepness(sample, values) == pytest.approx(max(slopes))
    assert error(sample, values) == sum(v * y <= 0 for v, y in zip(values, sample.labels, strict=True)) / 4


def test_one_point_of_each_class_in_closed_form() -> None:
    """Of two opposite points a one-layer kernel, which is linear, gives the projection on them."""
    x = np.array([[2.0, 0.0]])
    sample = Mixture(x, np.array([1.0]), np.array([[3.0, 5.0], [-1.0, 0.0]]), np.array([1.0, -1.0]))
    assert interpolated(sample, 1)[1] == pytest.approx([1.5, -0.5])


@pytest.mark.parametrize(("changes", "least", "most"), [({}, -0.001, 0.01), ({"dimensions": 2}, 0.05, 0.3)])
def test_overfitting_is_benign_in_many_dimensions_alone(changes: dict[str, int], least: float, most: float) -> None:
    made = check(**changes)
    found = [made.measure(made.draw(1, np.random.default_rng(r)), 1) for r in range(5)]
    assert all(each["level_training"] == 0 for each in found)
    assert least <= np.mean([each["gap"] for each in found]) <= most
