"""Averaged multipliers: by differences, where they end without averaging, and what weights cost."""

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.methods.theory.averaged_multipliers import AveragedMultipliers

Function = Callable[[float, np.ndarray], float]


def check(**changes: object) -> AveragedMultipliers:
    given = {"smallest": 250, "largest": 4000, "steps": 5, "rate": 0.5, "averaged": True, "strong": False, "pull": 0.0}
    return AveragedMultipliers(**{**given, **changes})


def measured(made: AveragedMultipliers, size: int) -> dict[str, float]:
    return made.measure(np.random.default_rng(0), size)


def by_differences(start: tuple[float, ...], steps: int, pull: float, strong: bool) -> np.ndarray:
    """x, y_1 and y_2, with all derivatives taken by differences."""

    def upper(x: float, y: np.ndarray) -> float:
        return (x - y[1]) ** 2 / 2 + (y[0] - 1) ** 2 / 2 + pull * x**2 / 2

    def lower(x: float, y: np.ndarray) -> float:
        return y[0] ** 2 / 2 - x * y[0] + strong * (y[1] - x) ** 2 / 2

    def derivative(of: Function, axis: np.ndarray) -> Function:
        return lambda x, y: (of(x, y + axis * 1e-3) - of(x, y - axis * 1e-3)) / 2e-3

    def by_x(of: Function) -> Function:
        return lambda x, y: (of(x + 1e-3, y) - of(x - 1e-3, y)) / 2e-3

    x, y, v, axes = start[0], np.array(start[1:]), np.zeros(2), np.eye(2)
    for k in range(steps):
        mu = 0.9 / (k + 1) ** (1 / 10)
        beta, eta, alpha = 0.5, 0.5 / (k + 1) ** (1 / 80), 0.5 * mu**3 / (k + 1) ** (3 / 80)

        def psi(x: float, y: np.ndarray, mu: float = mu) -> float:
            return mu * upper(x, y) + (1 - mu) * lower(x, y)

        gradient = [derivative(psi, axis) for axis in axes]
        slope_y = np.array([each(x, y) for each in gradient])
        hessian = np.array([[derivative(each, axis)(x, y) for axis in axes] for each in gradient])
        mixed = np.array([by_x(each)(x, y) for each in gradient])
        upper_y = np.array([derivative(upper, axis)(x, y) for axis in axes])
        x, y, v = x - alpha * (by_x(upper)(x, y) - mixed @ v), y - beta * slope_y, v - eta * (hessian @ v - upper_y)
    return np.array([x, *y])


@pytest.mark.parametrize(("pull", "strong"), [(0.0, False), (1.0, False), (0.5, True)])
def test_steps_are_those_of_differences(pull: float, strong: bool) -> None:
    best = 1 / (1 + pull)
    paths = [
        by_differences((x, y, z), 15, pull, strong)
        for x in (-1.0, 0.5, 2.0)
        for y in (-1.0, 0.5, 2.0)
        for z in (-1.0, 0.5, 2.0)
    ]
    found = measured(check(pull=pull, strong=strong), 15)
    assert found["distance"] == pytest.approx(np.abs(np.array(paths) - best).max(), rel=1e-6)
    assert found["lower"] == pytest.approx(np.mean([abs(path[1] - path[0]) for path in paths]), rel=1e-6)


def test_without_averaging_it_ends_half_way_between_the_solution_and_where_it_started() -> None:
    """y_2 stays, and x ends at (1 + y_2) / 2: from 2 and from -1, at most 2 away in y_2."""
    assert measured(check(averaged=False), 1000)["distance"] == pytest.approx(2, rel=1e-6)
    assert measured(check(averaged=False, strong=True), 1000)["distance"] < 1e-9


def test_it_solves_the_problem_and_a_wrong_solution_would_be_seen() -> None:
    made = check()
    found = made.summary([1000], {name: np.array([[value]]) for name, value in measured(made, 1000).items()})
    assert found["level"] < 1e-4 and found["level_residual"] < 1e-4
    assert measured(check(pull=1.0), 1000)["distance"] > 0.1, "where the levels disagree it is not there yet"


@pytest.mark.parametrize("pull", [0.3, 3.0])
def test_the_lower_level_is_off_by_its_weight(pull: float) -> None:
    """The minimiser of the averaged problem, by a grid of x."""
    made, mu = check(pull=pull), 0.9 * 4000**-0.1
    x = np.linspace(0, 1, 100_001)
    y_1 = (1 - mu) * x + mu
    best = int(np.argmin((y_1 - 1) ** 2 / 2 + pull * x**2 / 2))
    assert made.predicted(4000)["lower"] == pytest.approx(y_1[best] - x[best], abs=1e-4)
    assert measured(made, 4000)["lower"] == pytest.approx(made.predicted(4000)["lower"], rel=0.02)
