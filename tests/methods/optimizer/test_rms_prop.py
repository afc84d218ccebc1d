"""Steps in plain numbers."""

import math

from pipeline.methods.optimizer.rms_prop import RMSProp
from tests.kit.optimizers import RATE, check_different, check_rule, fresh


def rule(state, w, g, t, decay):
    g += decay * w
    state["v"] = 0.95 * state.get("v", 0.0) + 0.05 * g * g
    return w - RATE * g / (math.sqrt(state["v"]) + 1e-8)


def test_against_numbers():
    check_rule(fresh(RMSProp, alpha=0.95), rule)


def test_the_average_matters():
    check_different(fresh(RMSProp, alpha=0.5), fresh(RMSProp))
