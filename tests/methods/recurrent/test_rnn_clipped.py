"""Clipping by the norm over all parameters: by loops, its limits, and what an infinite gradient does."""

import math

import pytest
import torch

from pipeline.methods.recurrent.rnn_clipped import RNNClipped
from pipeline.methods.recurrent.rnn_sgd import RNNSGD
from tests.kit.methods import step
from tests.kit.recurrent import network, sequences


def gradients(method):
    return [p.grad.clone() for p in method.parameters()]


@pytest.mark.parametrize("tau", [0.01, 0.1])
def test_by_loops(tau):
    method, free = network(RNNClipped, tau=tau), network(RNNSGD)
    for one in (method, free):
        one.backward(sequences())
        one.after_backward(0)
    length = math.sqrt(sum(v * v for g in gradients(free) for v in g.flatten().tolist()))
    assert length > tau
    for mine, whole in zip(gradients(method), gradients(free), strict=True):
        torch.testing.assert_close(mine, whole * tau / length)


def test_beyond_every_norm_it_is_plain_steps():
    method, free = network(RNNClipped, tau=1e6), network(RNNSGD)
    for seed in range(3):
        for one in (method, free):
            step(one, sequences(seed=seed), 0.5)
    for one, other in zip(method.parameters(), free.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("bad", [math.inf, math.nan, 1e11])
def test_where_the_norm_is_out_of_bounds_recurrent_weights_alone_shrink(bad):
    method = network(RNNClipped)
    method.backward(sequences())
    method.head.bias.grad[0] = bad
    method.after_backward(0)
    for name, parameter in method.named_parameters():
        want = 0.02 * parameter if name.endswith("recurrent") else torch.zeros_like(parameter)
        assert torch.equal(parameter.grad, want)


def test_no_step_goes_further_than_the_threshold_where_plain_ones_do():
    moved = {}
    for cls in (RNNClipped, RNNSGD):
        method = network(cls)
        with torch.no_grad():
            method.recurrent.mul_(3)
        before = [p.detach().clone() for p in method.parameters()]
        step(method, sequences(12, 12, seed=0), 1.0)
        pairs = zip(method.parameters(), before, strict=True)
        moved[cls] = math.sqrt(sum(float(((p - b) ** 2).sum()) for p, b in pairs))
    assert moved[RNNClipped] == pytest.approx(1.0) and moved[RNNSGD] > 2
