"""Gradients of both terms by loops; what leaves their ratio alone, and what does not."""

import math

import pytest
import torch

from pipeline.metrics.gradient_imbalance import compute
from tests.kit.attacks import INPUTS, STD, K, setup


def test_against_a_loop():
    net, views, labels = setup(4)
    found = compute(net, views, labels, INPUTS)
    for n in range(4):
        at = views[n : n + 1].clone().requires_grad_()
        z = net(at)[0]
        other = max((k for k in range(K) if k != labels[n]), key=lambda k: z[k].item())
        y, t = (
            torch.autograd.grad(z[k], at, retain_graph=True)[0].abs().sum().item() / STD for k in (labels[n], other)
        )
        assert found[n].item() == pytest.approx(abs(math.log2(t / y)))


def test_a_scale_of_all_logits_changes_nothing_and_one_of_a_single_logit_does():
    net, views, labels = setup(20)
    y = torch.zeros_like(labels)
    one = torch.tensor([4.0, 1.0, 1.0, 1.0, 1.0], dtype=torch.float64)
    before = compute(net, views, y, INPUTS)
    torch.testing.assert_close(compute(lambda x: 50 * net(x), views, y, INPUTS), before)
    changed = compute(lambda x: net(x) * one, views, y, INPUTS)
    assert ((changed - before).abs().round(decimals=6) <= 2).all() and (changed - before).abs().max() > 1.9


def test_equal_gradients_are_balanced():
    def net(x):
        pixel = x[:, 0, 0, :K]
        return pixel - pixel.roll(1, 1)

    views = torch.randn(6, 1, 8, 8, dtype=torch.float64)
    assert compute(net, views, torch.arange(6) % K, INPUTS).abs().max() < 1e-12
