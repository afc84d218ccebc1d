"""Prospect, and what it is held against in its paper."""

import numpy as np
import pytest
import torch
from scipy.optimize import isotonic_regression

from pipeline.ops.spectral_risk import Risk, minimum, weights
from tests.kit import risk as kit

RISK = Risk("superquantile", 0.5, 0.7, 0.05)
RATES = {"saddle_saga": 0.05}
"""What is stable of ascending and descending together is less."""
METHODS = ["prospect", "erm", "saddle_saga", "lsvrg", "sgd_risk", "srda"]


def slow_weights(losses, sigma, nu):
    n, order = len(losses), np.argsort(losses, kind="stable")
    wanted = losses[order] / (n * nu) + 1 / n
    found = np.empty(n)
    found[order] = wanted - isotonic_regression(wanted - sigma).x
    return found


def drawn(count, size, seed):
    torch.manual_seed(seed)
    return [torch.randint(kit.N, (size,)).tolist() for _ in range(count)]


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("key", ["prospect", "saddle_saga"])
def test_against_tables_of_whole_gradients(key, classes):
    method = kit.made(key, RISK, classes)
    problem, rate, nu, mu, n = kit.problem(method), 0.8, 0.7, 0.05, kit.N
    sigma = RISK.spectrum(n)
    w = np.zeros(problem.shape)
    losses, slopes = problem.parts(w)
    gradients = np.einsum("nd,nk->ndk", problem.rows, slopes)
    q = slow_weights(losses, sigma, nu) if key == "prospect" else weights(losses, sigma, 0.0)
    rho, losses = q.copy(), losses.copy()
    for places in drawn(4, 6, 5):
        for i in places:
            loss, slope = problem.part(w, i)
            g = np.outer(problem.rows[i], slope)
            total = sum(rho[j] * gradients[j] for j in range(n))
            w = (w - rate * (n * q[i] * g - n * rho[i] * gradients[i] + total)) / (1 + rate * mu)
            rho[i], gradients[i] = q[i], g
            upward = losses.copy()
            upward[i] += n * (loss - losses[i])
            losses[i] = loss
            if key == "prospect":
                q = slow_weights(losses, sigma, nu)
            else:
                step = rate / n
                q = slow_weights(q + step * upward - 1 / n, sigma, (1 + step * n * nu) / n)
    torch.manual_seed(5)
    for _ in range(4):
        kit.step(method, rate)
    np.testing.assert_allclose(kit.weights(method), w, atol=1e-12)


def test_the_step_is_without_bias_and_nought_at_the_minimum():
    method = kit.made("prospect", RISK)
    problem = kit.problem(method)
    torch.manual_seed(0)
    for _ in range(3):
        kit.step(method, 0.5)
    state = method.opened()
    w = state.weights.copy()
    moved = []
    for place in range(kit.N):
        copy = kit.made("prospect", Risk("superquantile", 0.5, 0.7, 0.0))
        copy.load_state_dict(method.state_dict())
        own = copy.opened()
        copy.move(own, kit.problem(copy), place, 1.0)
        moved.append(w - own.weights)
    expected = problem.gradient(state.q, problem.parts(w)[1])
    np.testing.assert_allclose(np.mean(moved, 0), expected, atol=1e-12)
    assert np.std(moved, 0).max() > 1e-3

    still = kit.made("prospect", RISK)
    state = still.opened()
    state.weights[:] = minimum(problem)[1].point.numpy()
    still.begin(state, problem)
    best = state.weights.copy()
    for place in range(kit.N):
        still.move(state, problem, place, 0.5)
    np.testing.assert_allclose(state.weights, best, atol=1e-7)


@pytest.mark.parametrize("key", ["prospect", "saddle_saga", "lsvrg"])
def test_it_comes_to_the_minimum_and_batches_of_their_own_risk_do_not(key):
    gaps = {}
    for name in (key, "sgd_risk"):
        method = kit.made(name, RISK)
        problem = kit.problem(method)
        best = minimum(problem)[0]
        torch.manual_seed(1)
        for number in range(500):
            kit.step(method, RATES.get(name, 0.3), start=6 * number)
        gaps[name] = problem.value(kit.weights(method)) - best
    assert gaps[key] < 1e-5
    assert gaps["sgd_risk"] > 1e-4


def test_with_even_weights_it_is_saga_of_the_mean():
    found = {}
    for key, name in (("erm", "superquantile"), ("prospect", "mean")):
        method = kit.made(key, Risk(name, 0.5, 0.7, 0.05))
        torch.manual_seed(2)
        for _ in range(5):
            kit.step(method, 0.5)
        found[key] = kit.weights(method)
    np.testing.assert_allclose(found["erm"], found["prospect"], atol=1e-13)


def test_seldom_renewed_weights_change_the_way_and_not_its_end():
    ways = []
    for renewal in (1, 8):
        method = kit.made("prospect", RISK, renewal=renewal)
        torch.manual_seed(3)
        for _ in range(3):
            kit.step(method, 0.5)
        early = kit.weights(method)
        for _ in range(350):
            kit.step(method, 0.5)
        ways.append((early, kit.weights(method)))
    assert np.abs(ways[0][0] - ways[1][0]).max() > 1e-4
    np.testing.assert_allclose(ways[0][1], ways[1][1], atol=1e-3)


def test_a_batch_of_all_examples_steps_along_the_risks_gradient():
    method = kit.made("sgd_risk", RISK)
    problem = kit.problem(method)
    kit.step(method, 0.5, kit.N)
    before = kit.weights(method)
    kit.step(method, 0.5, kit.N)
    losses, slopes = problem.parts(before)
    gradient = problem.rows.T @ (RISK.weights(losses)[:, None] * slopes) + RISK.l2 * before
    np.testing.assert_allclose(kit.weights(method), before - 0.5 * gradient, atol=1e-13)


def test_dual_averaging_answers_the_mean_gradient():
    method = kit.made("srda", RISK)
    problem = kit.problem(method)
    w, seen = np.zeros(problem.shape), []
    for number in range(4):
        places = np.arange(6 * number, 6 * number + 6) % kit.N
        losses, slopes = problem.parts(w, places)
        seen.append(problem.rows[places].T @ (RISK.weights(losses)[:, None] * slopes))
        w = -np.mean(seen, 0) / (RISK.l2 + 1 / (0.9 * len(seen)))
        kit.step(method, 0.9, start=6 * number)
    np.testing.assert_allclose(kit.weights(method), w, atol=1e-13)


def test_checkpoints_are_after_n_steps_and_count_as_gradients():
    method = kit.made("lsvrg", RISK)
    problem, n, rate = kit.problem(method), kit.N, 0.4
    w = np.zeros(problem.shape)
    torch.manual_seed(7)
    places = [place for _ in range(10) for place in torch.randint(n, (3,)).tolist()]
    for t, i in enumerate(places):
        if t % n == 0:
            losses, old = problem.parts(w)
            q = RISK.weights(losses)
            full = problem.gradient(q, old)
        slope = problem.part(w, i)[1]
        w = w - rate * (n * q[i] * np.outer(problem.rows[i], slope - old[i]) + full + RISK.l2 * w)
    torch.manual_seed(7)
    for _ in range(10):
        kit.step(method, rate)
    np.testing.assert_allclose(kit.weights(method), w, atol=1e-13)
    assert float(method.get_buffer("gradients")) == 2 * n + 30


@pytest.mark.parametrize("key", METHODS)
def test_resumed_is_uninterrupted(key):
    straight, first = kit.made(key, RISK), kit.made(key, RISK)
    for method in (straight, first):
        torch.manual_seed(4)
        kit.step(method, 0.5)
    second = kit.made(key, RISK)
    second.load_state_dict(first.state_dict())
    for method in (straight, second):
        torch.manual_seed(6)
        kit.step(method, 0.5, start=6)
    np.testing.assert_array_equal(kit.weights(straight), kit.weights(second))


def test_who_goes_astray_stays_there():
    method = kit.made("sgd_risk", Risk("superquantile", 0.5, 0.7, 0.05), 0)
    for _ in range(200):
        kit.step(method, 500.0)
    there = kit.weights(method)
    assert np.isfinite(there).all()
    kit.step(method, 500.0)
    np.testing.assert_array_equal(kit.weights(method), there)
