"""Prospect against tables of whole gradients, and where it comes to rest."""

import numpy as np
import pytest
import torch

from pipeline.methods.risk.prospect import Prospect
from pipeline.ops.spectral_risk import Risk, minimum
from tests.kit import risk as kit


@pytest.mark.parametrize("classes", [0, 3])
def test_against_tables_of_whole_gradients(classes):
    method = kit.made(Prospect, kit.RISK, classes)
    problem, rate, n = kit.problem(method), 0.8, kit.N
    sigma, w = kit.RISK.spectrum(n), np.zeros(problem.shape)
    losses, slopes = problem.parts(w)
    gradients = np.einsum("nd,nk->ndk", problem.rows, slopes)
    q = kit.slow_weights(losses, sigma, 0.7)
    rho = q.copy()
    for i in kit.drawn(4, 6, 5):
        loss, slope = problem.part(w, i)
        g = np.outer(problem.rows[i], slope)
        total = sum(rho[j] * gradients[j] for j in range(n))
        w = (w - rate * (n * q[i] * g - n * rho[i] * gradients[i] + total)) / (1 + rate * 0.05)
        rho[i], gradients[i] = q[i], g
        losses[i] = loss
        q = kit.slow_weights(losses, sigma, 0.7)
    torch.manual_seed(5)
    for _ in range(4):
        kit.step(method, rate)
    np.testing.assert_allclose(kit.weights(method), w, atol=1e-12)


def test_the_step_is_without_bias_and_nought_at_the_minimum():
    method = kit.made(Prospect, kit.RISK)
    problem = kit.problem(method)
    torch.manual_seed(0)
    for _ in range(3):
        kit.step(method, 0.5)
    state = method.opened()
    w = state.weights.copy()
    moved = []
    for place in range(kit.N):
        copy = kit.made(Prospect, Risk("superquantile", 0.5, 0.7, 0.0))
        copy.load_state_dict(method.state_dict())
        own = copy.opened()
        copy.move(own, kit.problem(copy), place, 1.0)
        moved.append(w - own.weights)
    expected = problem.gradient(state.q, problem.parts(w)[1])
    np.testing.assert_allclose(np.mean(moved, 0), expected, atol=1e-12)
    assert np.std(moved, 0).max() > 1e-3

    still = kit.made(Prospect, kit.RISK)
    state = still.opened()
    state.weights[:] = minimum(problem)[1].point.numpy()
    still.begin(state, problem)
    best = state.weights.copy()
    for place in range(kit.N):
        still.move(state, problem, place, 0.5)
    np.testing.assert_allclose(state.weights, best, atol=1e-7)


def test_it_comes_to_the_minimum():
    assert kit.gap(Prospect, 0.3) < 1e-5


def test_seldom_renewed_weights_change_the_way_and_not_its_end():
    ways = []
    for renewal in (1, 8):
        method = kit.made(Prospect, kit.RISK, renewal=renewal)
        torch.manual_seed(3)
        for _ in range(3):
            kit.step(method, 0.5)
        early = kit.weights(method)
        for _ in range(350):
            kit.step(method, 0.5)
        ways.append((early, kit.weights(method)))
    assert np.abs(ways[0][0] - ways[1][0]).max() > 1e-4
    np.testing.assert_allclose(ways[0][1], ways[1][1], atol=1e-3)


def test_resumed_is_uninterrupted():
    kit.resumes(Prospect)
