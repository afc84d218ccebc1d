import itertools
import math

import numpy as np
import pytest
import torch
from scipy.optimize import isotonic_regression, linprog, minimize

from pipeline.methods.risk.erm import Erm
from pipeline.ops import spectral_risk
from pipeline.ops.spectral_risk import Problem, Risk, minimum, with_shift_cost
from tests.kit import risk as kit

RISKS = [("superquantile", 0.5), ("superquantile", 0.83), ("extremile", 2.0), ("esrm", 1.5), ("mean", 0.0)]


@pytest.mark.parametrize(("name", "level"), RISKS)
def test_a_spectrum_ascends_to_one(name, level):
    sigma = spectral_risk.spectrum(name, level, 37)
    assert sigma.sum() == pytest.approx(1)
    assert (np.diff(sigma) > -1e-15).all()
    assert sigma.min() >= 0


def test_spectra_by_hand():
    np.testing.assert_allclose(spectral_risk.spectrum("superquantile", 0.5, 5), [0, 0, 0.2, 0.4, 0.4])
    np.testing.assert_allclose(spectral_risk.spectrum("extremile", 2.0, 4), [1 / 16, 3 / 16, 5 / 16, 7 / 16])
    ends = [math.exp(i / 3) for i in range(4)]
    by_hand = [math.exp(-1) * (b - a) / (1 - math.exp(-1)) for a, b in itertools.pairwise(ends)]
    np.testing.assert_allclose(spectral_risk.spectrum("esrm", 1.0, 3), by_hand)


@pytest.mark.parametrize(("name", "level"), RISKS)
@pytest.mark.parametrize("shift_cost", [0.01, 0.3, 5.0])
def test_weights_are_the_losses_less_isotonic_regression(name, level, shift_cost):
    n = 50
    losses = np.random.default_rng(1).exponential(size=n)
    losses[7] = losses[8]
    sigma, order = spectral_risk.spectrum(name, level, n), np.argsort(losses, kind="stable")
    wanted = losses[order] / (n * shift_cost) + 1 / n
    by_hand = np.empty(n)
    by_hand[order] = wanted - isotonic_regression(wanted - sigma).x
    found = Risk(name, level, shift_cost).weights(losses)
    np.testing.assert_allclose(found, by_hand, atol=1e-13)
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize(("name", "level"), RISKS)
def test_no_other_order_of_the_spectrum_has_a_greater_value(name, level):
    draws, n = np.random.default_rng(2), 5
    losses = draws.exponential(size=n)
    risk = Risk(name, level, 0.2)

    def value(q):
        return q @ losses - n * 0.2 / 2 * ((q - 1 / n) ** 2).sum()

    best = value(risk.weights(losses))
    assert best == pytest.approx(risk.value(losses, np.zeros(1)))
    corners = np.array(list(itertools.permutations(risk.spectrum(n))))
    for _ in range(300):
        assert value(draws.dirichlet(np.full(len(corners), 0.05)) @ corners) <= best + 1e-12


def test_without_a_penalty_it_is_the_mean_of_the_greatest():
    losses = np.array([3.0, 1.0, 2.0, 10.0])
    assert Risk("superquantile", 0.5, 0.0).value(losses, np.zeros(1)) == pytest.approx(6.5)
    # CVaR of 1 - 0.625 of four: the greatest, and half of the next, by linear programming too
    found = linprog(-losses, A_eq=np.ones((1, 4)), b_eq=[1], bounds=[(0, 1 / (4 * 0.375))] * 4)
    assert Risk("superquantile", 0.625, 0.0).value(losses, np.zeros(1)) == pytest.approx(-found.fun)


@pytest.mark.parametrize("classes", [0, 3])
def test_losses_and_gradient_are_autograds(classes):
    method = kit.made(Erm, Risk("extremile", 2.0, 0.5, 0.1, 3.0), classes)
    problem = kit.problem(method)
    w = np.random.default_rng(0).normal(size=problem.shape)
    given = torch.tensor(w, requires_grad=True)
    scores = torch.tensor(problem.rows) @ given
    if classes:
        losses = torch.nn.functional.cross_entropy(scores, torch.tensor(problem.targets), reduction="none")
    else:
        losses = (scores[:, 0] - torch.tensor(problem.targets)).square() / 2
    q = torch.tensor(problem.risk.weights(problem.parts(w)[0]))
    (3 * (q @ losses + 0.05 * given.square().sum())).backward()
    value, gradient = with_shift_cost(problem, 0.5)(w)
    np.testing.assert_allclose(problem.parts(w)[0], 3 * losses.detach().numpy())
    np.testing.assert_allclose(gradient, given.grad.numpy(), atol=1e-12)
    assert value == pytest.approx(problem.value(w))
    for place in range(3):
        loss, slope = problem.part(w, place)
        assert loss == pytest.approx(problem.parts(w)[0][place])
        np.testing.assert_allclose(slope, problem.parts(w)[1][place], atol=1e-14)


@pytest.mark.parametrize(("shift_cost", "within"), [(0.3, 1e-9), (0.0, 1e-3)])
def test_the_minimum_is_one(shift_cost, within):
    problem = kit.problem(kit.made(Erm, Risk("superquantile", 0.6, shift_cost, 0.05)))
    value, found = minimum(problem)
    assert found.converged
    other = minimize(lambda w: problem.value(w.reshape(problem.shape)), found.point.numpy().ravel(), method="Powell")
    assert value <= other.fun + 1e-12
    assert problem.value(found.point.numpy()) == pytest.approx(value, abs=within)


def test_a_factor_moves_no_minimum():
    problem = kit.problem(kit.made(Erm, Risk("superquantile", 0.6, 0.3, 0.05)))
    scaled = Problem(Risk("superquantile", 0.6, 0.3, 0.05, 100.0), problem.rows, problem.targets, problem.outputs)
    (value, found), (hundredfold, there) = minimum(problem), minimum(scaled)
    assert hundredfold == pytest.approx(100 * value)
    torch.testing.assert_close(there.point, found.point, atol=1e-6, rtol=0)


def test_gaps_have_ends():
    np.testing.assert_allclose(spectral_risk.gaps(np.array([3.0, 1.2, 1.0, 1e9]), 1.0), [0, -1, -12, 3])
