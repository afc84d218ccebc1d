"""Steps in plain numbers."""

import math

from pipeline.methods.optimizer.lion import Lion
from tests.kit.optimizers import RATE, check_different, check_rule, fresh


def rule(state, w, g, t, decay):
    m = state.get("m", 0.0)
    step = 0.9 * m + 0.1 * g
    state["m"] = 0.95 * m + 0.05 * g
    return w * (1 - RATE * decay) - RATE * (math.copysign(1.0, step) if step else 0.0)


def test_against_numbers():
    check_rule(fresh(Lion, beta2=0.95), rule)


def test_the_average_that_steps_is_not_the_one_kept():
    check_different(fresh(Lion), fresh(Lion, beta1=0.99))
