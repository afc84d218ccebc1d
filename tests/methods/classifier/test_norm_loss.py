"""Squared distances of the rows' lengths from one by loops, with their gradient, added to cross-entropy."""

import copy
import math

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.norm_loss import NormLoss
from tests.kit.methods import batch, made


def test_norm_loss_and_its_gradient():
    method, data = made(NormLoss, strength=0.3), batch(("full",))
    plain = CrossEntropy()
    plain.encoder, plain.head = copy.deepcopy(method.encoder), copy.deepcopy(method.head)
    total = 0.0
    for weight in (method.encoder.convolution.weight, method.head.weight):
        for row in weight.detach().flatten(1).double().tolist():
            total += (1 - math.sqrt(sum(v * v for v in row))) ** 2
    loss, without = method.loss(data), plain.loss(data)
    assert loss.item() == pytest.approx(without.item() + 0.3 * total, rel=1e-5)
    loss.backward()
    without.backward()
    pairs = zip(method.named_parameters(), plain.parameters(), strict=True)
    for (name, p), q in pairs:
        pull = torch.zeros_like(p)
        if p.ndim > 1:
            lengths = p.detach().flatten(1).norm(dim=1).view(-1, *[1] * (p.ndim - 1))
            pull = -2 * 0.3 * (1 / lengths - 1) * p.detach()
        torch.testing.assert_close(p.grad, q.grad + pull, msg=name, rtol=1e-4, atol=1e-6)


def test_zero_weights_have_no_pull_and_without_strength_it_is_cross_entropy():
    method, data = made(NormLoss), batch(("full",))
    method.head.weight.data[0] = 0
    loss = method.loss(data)
    loss.backward()
    assert all(p.grad.isfinite().all() for p in method.parameters())
    method.strength = 0.0
    want = CrossEntropy().objective(method.logits(method.encoder(data.views[0])), data.labels)
    torch.testing.assert_close(method.loss(data), want)
    assert loss > want
