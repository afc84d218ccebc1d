"""Defaults of its own; the arithmetic is held to loops in test_awp_at.py."""

import torch

from pipeline.methods.adversarial.trades import TRADES
from pipeline.methods.adversarial.trades_awp import TRADESAWP
from tests.kit.methods import batch, made


def test_defaults_are_the_authors():
    method = made(TRADESAWP)
    assert (method.gamma, method.warmup, method.beta, method.steps) == (0.005, 10 / 200, 6.0, 10)
    assert method.attack() == made(TRADES).attack()


def test_it_is_trades_until_the_warm_up_is_over():
    data, losses = batch(("full",)), {}
    for progress in (0.049, 0.05):
        method = made(TRADESAWP)
        method.progress = progress
        torch.manual_seed(4)
        losses[progress] = method.backward(data).item()
    assert losses[0.05] > losses[0.049]
