"""Fractions: subproblems by a grid, end points along coordinates, and critical points by their condition."""

import numpy as np
import pytest

from pipeline.ops import fractional


def problem(top: int, seed: int = 0) -> tuple[fractional.Problem, np.ndarray]:
    random = np.random.default_rng(seed)
    a, b, start = random.normal(size=(9, 5)) / 3, random.normal(size=9), random.normal(size=5)
    return fractional.Problem(a, b, 0.3, top), start / np.linalg.norm(start)


def by_grid(made: fractional.Problem, x: np.ndarray, i: int) -> float:
    """The least value along a coordinate where the denominator is positive."""
    values = []
    for z in np.linspace(-6, 6, 6001):
        moved = x.copy()
        moved[i] = z
        if made.denominator(moved) > 1e-9:
            values.append(made.value(moved))
    return min(values)


@pytest.mark.parametrize("top", [0, 1, 2, 4])
def test_subproblems_by_a_grid(top: int) -> None:
    made, x = problem(top, seed=top)
    gram = made.a.T @ made.a
    for i in (0, 3):
        rest = made.a @ x - made.b - made.a[:, i] * x[i]
        others = sorted(np.abs(np.delete(x, i)).tolist())
        level = float(rest @ rest / 2 + 0.3 * sum(others))
        z, value = fractional.along(made, float(gram[i, i]), float(made.a[:, i] @ rest), level, others)
        moved = x.copy()
        moved[i] = z
        assert made.value(moved) == pytest.approx(value, rel=1e-12)
        grid = by_grid(made, x, i)
        assert grid * (1 - 1e-4) < value <= grid * (1 + 1e-12)


@pytest.mark.parametrize("top", [0, 2])
def test_coordinate_descent_ends_where_no_coordinate_lowers(top: int) -> None:
    made, start = problem(top, seed=3)
    x = fractional.coordinate_descent(made, start)
    assert made.value(x) < made.value(start)
    for i in range(5):
        assert by_grid(made, x, i) > made.value(x) * (1 - 1e-9)


@pytest.mark.parametrize("top", [0, 2])
def test_proximal_subgradients_end_at_critical_points(top: int) -> None:
    """A'(A x - b) + weight s = value g' with s of the signs of x, and between -1 and 1 where x is 0."""
    made, start = problem(top, seed=4)
    x = fractional.proximal_subgradient(made, start, accuracy=1e-12)
    signs = (made.value(x) * made.subgradient(x) - made.a.T @ (made.a @ x - made.b)) / 0.3
    assert signs[x != 0] == pytest.approx(np.sign(x[x != 0]), abs=1e-6)
    assert (np.abs(signs[x == 0]) <= 1 + 1e-6).all()


def test_subgradients_of_the_convex_denominator_support_it() -> None:
    made, x = problem(2)
    for other in np.random.default_rng(5).normal(size=(50, 5)):
        assert made.denominator(other) >= made.denominator(x) + made.subgradient(x) @ (other - x) - 1e-12
