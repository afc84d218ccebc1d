"""Minima of quadratics; how it ended is told, also where it was stopped or had nowhere to go."""

import pytest
import torch

from pipeline.ops.convergence import NotConverged
from pipeline.ops.lbfgs import minimise

SCALE = torch.logspace(0, 4, 12, dtype=torch.float64)
GOAL = torch.randn(12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
ZERO = torch.zeros(12, dtype=torch.float64)


def quadratic(x):
    return (SCALE * (x - GOAL) ** 2).sum() / 2, SCALE * (x - GOAL)


def test_it_solves_a_badly_scaled_quadratic():
    found = minimise(quadratic, ZERO, tolerance=1e-10)
    assert found.converged and 0 < found.iterations < 500 and found.gradient <= 1e-10
    torch.testing.assert_close(found.point, GOAL, atol=1e-6, rtol=1e-6)
    assert found.checked("a quadratic") is found.point


def test_where_it_is_stopped_it_says_so():
    found = minimise(quadratic, ZERO, iterations=4)
    assert not found.converged and found.iterations == 4
    assert found.gradient == pytest.approx(float(quadratic(found.point)[1].norm() / quadratic(ZERO)[1].norm()))
    with pytest.warns(NotConverged, match="a quadratic did not converge: stopped after 4 steps"):
        found.checked("a quadratic")


def test_a_start_at_the_minimum_has_converged_and_a_gradient_that_lies_has_not():
    found = minimise(quadratic, GOAL)
    assert found.converged and found.iterations == 0 and found.gradient == 0
    # no step downhill lowers it
    assert not minimise(lambda x: (quadratic(x)[0], -quadratic(x)[1]), ZERO).converged
