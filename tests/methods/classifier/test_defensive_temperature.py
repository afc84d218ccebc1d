"""Cross-entropy at a temperature: by loops, at temperature one, and what it does to the slope that an attacker sees."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.classifier.defensive_temperature import DefensiveTemperature


def test_by_loops():
    logits = torch.randn(5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels, total = [0, 3, 1, 1, 2], 0.0
    for row, label in zip(logits.tolist(), labels, strict=True):
        total += math.log(sum(math.exp(z / 7) for z in row)) - row[label] / 7
    found = DefensiveTemperature(temperature=7.0).objective(logits, torch.tensor(labels))
    assert found.item() == pytest.approx(total / 5, rel=1e-12)


def test_at_temperature_one_it_is_cross_entropy():
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    assert torch.equal(DefensiveTemperature(temperature=1.0).objective(logits, labels), F.cross_entropy(logits, labels))


def test_what_is_learned_at_a_temperature_has_no_slope_at_one():
    """Free logits that end at the same softmax at T are T times as large, and 1 - p_y at 1 rounds to nothing."""
    logits, labels = torch.zeros(1, 3, requires_grad=True), torch.tensor([1])
    method = DefensiveTemperature(temperature=50.0)
    for _ in range(300):
        (slope,) = torch.autograd.grad(method.objective(logits, labels), logits)
        logits = (logits - 2500 * slope).detach().requires_grad_()
    at_training, at_test = ((logits / t).softmax(1)[0, 1].item() for t in (50.0, 1.0))
    assert 0.95 < at_training < 0.9999 and at_test == 1.0
    assert not torch.autograd.grad(F.cross_entropy(logits, labels), logits)[0].any()
