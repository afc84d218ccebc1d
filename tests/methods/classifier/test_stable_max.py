"""Probabilities linear in scores by loops, a slope of one on either side of zero, and learning where softmax stops."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.stable_max import StableMax
from tests.kit.losses import gradient, mean_over


@pytest.fixture
def method():
    """Its features are scores."""
    method = StableMax()
    method.head = nn.Identity()
    return method


def stable(x):
    s = [v + 1 if v >= 0 else 1 / (1 - v) for v in x]
    return [v / sum(s) for v in s]


def test_stable_max_is_the_softmax_of_its_logits(method, logits, labels):
    want = torch.tensor([stable(row) for row in logits.tolist()], dtype=torch.float64)
    torch.testing.assert_close(method.logits(logits).softmax(1), want)
    got = method.objective(method.logits(logits), labels).item()
    assert got == pytest.approx(mean_over(lambda x, y: -math.log(stable(x)[y]), logits, labels))
    assert torch.autograd.gradcheck(method.logits, logits.requires_grad_())


def test_it_is_smooth_at_zero(method):
    slope = gradient(lambda x: method.logits(x).sum(), torch.tensor([[0.0, 1e-6, -1e-6]]))
    assert slope.tolist() == [pytest.approx([1.0, 1.0, 1.0], rel=1e-5)]


def test_it_still_learns_where_softmax_has_collapsed(method):
    x, y = torch.tensor([[300.0, 0.0, -50.0]]), torch.tensor([0])
    assert not gradient(lambda v: CrossEntropy().objective(v, y), x).any()
    assert (gradient(lambda v: method.objective(method.logits(v), y), x).abs() > 0).all()
