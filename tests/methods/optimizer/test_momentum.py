"""Steps in plain numbers."""

from pipeline.methods.optimizer.momentum import Momentum
from pipeline.methods.optimizer.sgd_plain import SGDPlain
from tests.kit.optimizers import RATE, check_different, check_rule, fresh


def rule(state, w, g, t, decay):
    state["v"] = 0.8 * state.get("v", 0.0) + g + decay * w
    return w - RATE * state["v"]


def test_against_numbers():
    check_rule(fresh(Momentum, momentum=0.8), rule)


def test_it_is_not_plain_descent():
    check_different(fresh(Momentum), fresh(SGDPlain))
