"""The prox-linear step of CVaR, and the subgradient step that it is without its kink."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from pipeline.methods.risk.sgm_cvar import SgmCvar
from pipeline.methods.risk.spl_plus import SplPlus
from pipeline.ops.spectral_risk import Risk
from tests.kit import risk as kit

CVAR = Risk("superquantile", 0.8, 0.0, 0.3)


def begun(key, quantile, **settings):
    method = kit.made(key, CVAR, **settings)
    state = method.opened()
    state.weights[:] = np.random.default_rng(0).normal(size=state.weights.shape)
    state.quantile[...] = quantile
    return method, state


@pytest.mark.parametrize("off", [-3.0, -0.1, 0.0, 0.1, 3.0])
@pytest.mark.parametrize("adapt", [True, False])
def test_the_step_minimises_the_model(off, adapt):
    place, rate = 2, 0.7
    method, state = begun(SplPlus, 0.0, adapt=adapt, quantile_pace=0.4)
    problem = kit.problem(method)
    w = state.weights.copy()
    loss, slope = problem.part(w, place)
    quantile = loss - off
    state.quantile[...] = quantile
    typical = np.log(kit.CLASSES) if adapt else 1.0
    gamma, h = rate / typical, 0.4 * rate * typical
    g = np.outer(problem.rows[place], slope)

    def model(point):
        theta, a, over = point[:-2].reshape(w.shape), point[-2], point[-1]
        far = ((theta - w) ** 2).sum() / (2 * gamma) + (a - quantile) ** 2 / (2 * h)
        return a + over / 0.2 + 0.3 * (theta**2).sum() / 2 + far

    def above(point):
        return point[-1] - (loss + (g * (point[:-2].reshape(w.shape) - w)).sum() - point[-2])

    kinks = [{"type": "ineq", "fun": above}, {"type": "ineq", "fun": lambda point: point[-1]}]
    start = np.concatenate([w.ravel(), [quantile, max(off, 0.0)]])
    by_hand = minimize(model, start, method="SLSQP", constraints=kinks, options={"ftol": 1e-14, "maxiter": 500})
    method.move(state, problem, place, rate)
    np.testing.assert_allclose(state.weights.ravel(), by_hand.x[:-2], atol=1e-5)
    assert float(state.quantile) == pytest.approx(by_hand.x[-2], abs=1e-5)


@pytest.mark.parametrize(("quantile", "same"), [(-50.0, True), (50.0, True), (None, False)])
def test_away_from_the_kink_it_is_the_subgradient_step(quantile, same):
    found = {}
    for key, settings in ((SplPlus, {"adapt": False}), (SgmCvar, {})):
        method, state = begun(key, 0.0, **settings)
        problem = kit.problem(method)
        state.quantile[...] = problem.part(state.weights, 1)[0] - 0.05 if quantile is None else quantile
        method.move(state, problem, 1, 0.5)
        found[key] = np.append(state.weights.ravel(), state.quantile)
    assert np.allclose(found[SplPlus], found[SgmCvar], atol=1e-13) is same


@pytest.mark.parametrize(("key", "settings", "same"), [
    (SplPlus, {}, True), (SplPlus, {"adapt": False}, False), (SgmCvar, {}, False),
])  # fmt: skip
def test_a_factor_of_all_losses(key, settings, same):
    found = []
    for scale in (1.0, 100.0):
        method = kit.made(key, Risk("superquantile", 0.8, 0.0, 0.3, scale), **settings)
        torch.manual_seed(0)
        for _ in range(5):
            kit.step(method, 0.5)
        found.append(kit.weights(method))
    assert np.allclose(*found, atol=1e-10) is same


def test_resumed_is_uninterrupted():
    kit.resumes(SplPlus, CVAR)
