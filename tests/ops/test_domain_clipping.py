"""Clipping of boxes, by loops and by linear programmes: nothing that fulfils the constraints is cut away."""

import numpy as np
import pytest
from scipy.optimize import linprog

from pipeline.ops.crown import Boxes, Linear, least
from pipeline.ops.domain_clipping import clipped, constrained_least


def case(seed: int, constraints: int = 3, size: int = 4) -> tuple[Boxes, Linear, Linear]:
    """Of 5 boxes, constraints that the last corner fulfils, and 6 functions."""
    random = np.random.default_rng(seed)
    low = random.normal(size=(5, size))
    within = Boxes(low, low + random.uniform(0.2, 2, (5, size)))
    slopes = random.normal(size=(5, constraints, size))
    at = random.uniform(within.low, within.high)
    offsets = -(slopes @ at[..., None])[..., 0] - random.uniform(0, 0.3, (5, constraints))
    return within, Linear(slopes, offsets), Linear(random.normal(size=(5, 6, size)), random.normal(size=(5, 6)))


def programme(n: int, objective: np.ndarray, within: Boxes, constraints: Linear) -> float:
    ranges = list(zip(within.low[n], within.high[n], strict=True))
    return float(linprog(objective, constraints.slopes[n], -constraints.offsets[n], bounds=ranges).fun)


@pytest.mark.parametrize("seed", range(3))
def test_a_box_is_clipped_by_loops_over_coordinates(seed: int) -> None:
    within, constraints, _ = case(seed)
    found = clipped(within, constraints)
    for n in range(5):
        low, high = within.low[n].copy(), within.high[n].copy()
        for a, c in zip(constraints.slopes[n], constraints.offsets[n], strict=True):
            for j in range(4):
                ends = zip(a, within.low[n], within.high[n], strict=True)
                rest = c + sum(min(s * x, s * y) for k, (s, x, y) in enumerate(ends) if k != j)
                if a[j] > 0:
                    high[j] = min(high[j], -rest / a[j])
                else:
                    low[j] = max(low[j], -rest / a[j])
        np.testing.assert_allclose(found.low[n], low)
        np.testing.assert_allclose(found.high[n], high)


@pytest.mark.parametrize("seed", range(3))
def test_with_one_constraint_the_clipped_box_is_the_smallest(seed: int) -> None:
    within, constraints, _ = case(seed, constraints=1)
    found = clipped(within, constraints)
    for n in range(5):
        for j, unit in enumerate(np.eye(4)):
            assert found.low[n, j] == pytest.approx(programme(n, unit, within, constraints), abs=1e-9)
            assert found.high[n, j] == pytest.approx(-programme(n, -unit, within, constraints), abs=1e-9)


def test_constraints_that_cannot_hold_empty_a_box_and_those_without_slopes_cut_nothing() -> None:
    within, constraints, _ = case(0)
    never = Linear(constraints.slopes, constraints.offsets + 100)
    assert (clipped(within, never).low > clipped(within, never).high).any(1).all()
    flat = Linear(0 * constraints.slopes, constraints.offsets * 0 - 1)
    np.testing.assert_array_equal(clipped(within, flat), within)
    impossible = clipped(within, Linear(flat.slopes, -flat.offsets))
    assert (impossible.low > impossible.high).all()


@pytest.mark.parametrize("seed", range(3))
def test_with_one_constraint_the_dual_is_the_linear_programme(seed: int) -> None:
    within, constraints, functions = case(seed, constraints=1)
    found = constrained_least(functions, within, constraints)
    for n in range(5):
        for m in range(6):
            exact = programme(n, functions.slopes[n, m], within, constraints) + functions.offsets[n, m]
            assert found[n, m] == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_with_several_it_lies_between_the_box_and_the_programme_and_rounds_raise_it(seed: int) -> None:
    within, constraints, functions = case(seed)
    once, often = (constrained_least(functions, within, constraints, rounds) for rounds in (1, 10))
    assert (once >= least(functions, within) - 1e-12).all() and (once > least(functions, within) + 1e-6).any()
    assert (often >= once - 1e-9).all()
    for n in range(5):
        for m in range(6):
            exact = programme(n, functions.slopes[n, m], within, constraints) + functions.offsets[n, m]
            assert often[n, m] <= exact + 1e-9


def test_functions_that_boxes_share_are_those_of_each() -> None:
    within, constraints, functions = case(1)
    shared = Linear(functions.slopes[:1], functions.offsets[:1])
    alone = Linear(functions.slopes[:1].repeat(5, 0), functions.offsets[:1].repeat(5, 0))
    np.testing.assert_array_equal(
        constrained_least(shared, within, constraints), constrained_least(alone, within, constraints)
    )
