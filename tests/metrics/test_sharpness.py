"""Sharpness by a loop over layers in float64, of a linear network and of one whose loss is flat."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pipeline.errors import Absent
from pipeline.metrics import sharpness


def network(scale=1.0):
    torch.manual_seed(0)
    made = nn.Sequential(nn.Flatten(), nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)).double()
    for parameter in made.parameters():
        parameter.data *= scale
    return made


def images(count=7):
    torch.manual_seed(1)
    return torch.randn(count, 1, 2, 2, dtype=torch.float64), torch.arange(count) % 3


def matrices(of):
    return [parameter for parameter in of.parameters() if parameter.ndim > 1]


def test_against_a_loop(monkeypatch):
    monkeypatch.setattr(sharpness, "CHUNK", 3)
    views, labels = images()
    net, slow = network(), network()
    before = F.cross_entropy(slow(views), labels)
    before.backward()
    for weight in matrices(slow):
        w, g = ([v for row in t.tolist() for v in row] for t in (weight.detach(), weight.grad))
        share = 0.01 * math.sqrt(sum(v * v for v in w)) / math.sqrt(sum(v * v for v in g))
        weight.data += share * weight.grad
    want = F.cross_entropy(slow(views), labels).item() - before.item()
    kept = [weight.detach().clone() for weight in matrices(net)]
    with torch.no_grad():
        found = sharpness.compute(net, matrices(net), views, labels)
    assert found == pytest.approx(want, rel=1e-9) and found > 0
    assert all(torch.equal(a, b) for a, b in zip(kept, matrices(net), strict=True))


def test_no_gradient_is_flat_and_no_weight_is_absent():
    views, labels = images()
    with torch.no_grad():
        assert sharpness.compute(network(0.0), matrices(network(0.0)), views, labels) == 0.0
        with pytest.raises(Absent):
            sharpness.compute(network(), [], views, labels)
