"""Closed forms and sums of modes against solvers of differential equations."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pipeline.ops import parametric_targets as targets

Array = np.ndarray
POINTS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -0.2], [0.3, 0.55], [-0.4, 0.4]])


def test_the_spring_is_what_a_solver_gives() -> None:
    times = np.linspace(0, 20, 401)
    for (x, z), found in zip(POINTS, targets.spring(POINTS), strict=True):

        def slope(t: float, y: Array, k: float = x + 2, w: float = z + 1) -> list[float]:
            return [y[1], 0.5 * np.cos(w * t) - k * y[0] - 0.5 * y[1]]

        path = solve_ivp(slope, (0, 20), [0.5, 0.0], t_eval=times, rtol=1e-9, atol=1e-11).y[0]
        assert found == pytest.approx(path.max(), abs=1e-7)


def test_the_bar_is_what_differences_give() -> None:
    """1,000 cells; the flux at the right end is half a cell beyond the last place."""
    cells = 1000
    places = np.arange(1, cells + 1) / cells
    for x, z in [(-0.5, -0.7), (0.4, 0.3), (1.0, 1.0), (-0.9, -1.0)]:
        time, rate = 1.5 * (x + 1), 2.5 * (z + 1)

        def slope(t: float, u: Array) -> Array:
            beyond = u[-2] - 2 * np.pi * np.exp(-t) / cells
            padded = np.concatenate([[0.0], u, [beyond]])
            found: Array = (padded[2:] - 2 * u + padded[:-2]) * cells**2 / np.pi**2
            return found

        bands = {"lband": 1, "uband": 1}  # of the Jacobian
        begun = 1 + np.sin(np.pi * rate * places)
        end = solve_ivp(slope, (0, time), begun, method="LSODA", rtol=1e-8, atol=1e-10, **bands).y[:, -1]
        assert targets.heat(np.array([[x, z]]))[0] == pytest.approx(end.max(), abs=1e-3)


def test_the_bar_begins_as_it_is_set() -> None:
    assert targets.heat(np.array([[-1.0, -0.8]]))[0] == pytest.approx(2.0, abs=1e-3), "sin(pi s / 2) + 1 ends at 2"


def test_the_surface_is_what_a_solver_gives() -> None:
    for (x, z), found in zip(POINTS, targets.surface(POINTS), strict=True):

        def slope(t: float, r: Array, a: float = 0.1 + np.exp(5 * x), g: float = 0.001 + 0.01 * np.exp(5 * z)) -> Array:
            return a * (1 - r) - g * r - 10 * (1 - r) ** 2 * r

        path = solve_ivp(slope, (0, 4), [0.9], method="LSODA", rtol=1e-9, atol=1e-11)
        assert found == pytest.approx(path.y[0, -1], abs=1e-6)
