"""The subgradient method on CVaR and its quantile."""

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.methods.risk.sgm_cvar import SgmCvar
from pipeline.ops.spectral_risk import Risk
from tests.kit import risk as kit

CVAR = Risk("superquantile", 0.8, 0.0, 0.3)


def test_the_subgradient_step_by_hand():
    method = kit.made(SgmCvar, CVAR, quantile_pace=0.5)
    state = method.opened()
    state.weights[:] = np.random.default_rng(0).normal(size=state.weights.shape)
    state.quantile[...] = 0.0
    problem = kit.problem(method)
    w, a = state.weights.copy(), 0.0
    for t, place in enumerate([3, 4, 3], 1):
        loss, slope = problem.part(w, place)
        step = 0.2 / t**0.5
        above = 5.0 if loss > a else 0.0
        w = (w - step * above * np.outer(problem.rows[place], slope)) / (1 + step * 0.3)
        a -= 0.5 * step * (1 - above)
        method.move(state, problem, place, 0.2)
    np.testing.assert_allclose(state.weights, w, atol=1e-13)
    assert float(state.quantile) == pytest.approx(a)


@pytest.mark.parametrize("risk", [Risk("extremile", 2.0, 0.0, 0.1), Risk("superquantile", 0.5, 1.0, 0.1)])
def test_other_risks_have_no_quantile(risk):
    with pytest.raises(UserError, match="quantile"):
        kit.made(SgmCvar, risk)


def test_resumed_is_uninterrupted():
    kit.resumes(SgmCvar, CVAR)
