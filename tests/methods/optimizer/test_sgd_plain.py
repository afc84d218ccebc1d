"""Steps in plain numbers."""

from pipeline.methods.optimizer.momentum import Momentum
from pipeline.methods.optimizer.sgd_plain import SGDPlain
from tests.kit.optimizers import RATE, check_rule, check_same, fresh


def test_against_numbers():
    check_rule(fresh(SGDPlain), lambda state, w, g, t, decay: w - RATE * (g + decay * w))


def test_it_is_momentum_without_momentum():
    check_same(fresh(SGDPlain), fresh(Momentum, momentum=0.0))
