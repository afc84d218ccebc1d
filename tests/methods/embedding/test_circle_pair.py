"""Equation 6 by loops, weights without gradient; a single pair's boundary is a circle."""

import math

import pytest
import torch

from pipeline.methods.embedding.circle_pair import CirclePair
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, matrix, pairs, points, rows


@pytest.mark.parametrize("settings", [{}, {"margin": 0.25, "gamma": 20.0}, {"weighted": False, "gamma": 10.0}])
def test_circle_pair(settings):
    method, cosines, total, labels, anchors = CirclePair(**settings), rows(points()), 0.0, LABELS.clone(), 0
    labels[10] = 5  # the classes of 9 and 10 have one image each, and are no anchors
    for i, own, others in pairs(labels):
        s, m, g = cosines[i], method.margin, method.gamma
        near = sum(math.exp(-g * (max(0, 1 + m - s[p]) if method.weighted else 1) * (s[p] - 1 + m)) for p in own)
        far = sum(math.exp(g * (max(0, s[n] + m) if method.weighted else 1) * (s[n] - m)) for n in others)
        total += math.log(1 + near * far) if own else 0
        anchors += bool(own)
    assert anchors == 10
    assert method.cosine_loss(matrix(points()), labels).item() == pytest.approx(total / anchors)


def test_the_boundary_is_a_circle():
    """(s_n)^2 + (s_p - 1)^2 = 2 m^2: there the exponents cancel, and the loss is log 2."""
    m = 0.3
    for angle in (0.3, 0.8, 1.2):
        s_n, s_p = m * math.sqrt(2) * math.sin(angle), 1 - m * math.sqrt(2) * math.cos(angle)
        cosines = torch.tensor([[1.0, s_p, s_n]], dtype=torch.float64).repeat(3, 1)
        cosines[1:] = torch.tensor([[s_p, 1.0, s_n], [0.0, 0.0, 1.0]])
        found = CirclePair(margin=m).cosine_loss(cosines, torch.tensor([0, 0, 1]))
        assert found.item() == pytest.approx(math.log(2))


def test_weights_carry_no_gradient():
    """The ratio of a pair's gradients is that of its weights."""
    cosines = torch.tensor([[1.0, 0.4, 0.1], [0.4, 1.0, 0.1], [0.0, 0.0, 1.0]], dtype=torch.float64, requires_grad=True)
    CirclePair(margin=0.25, gamma=5.0).cosine_loss(cosines, torch.tensor([0, 0, 1])).backward()
    assert (cosines.grad[0, 1] / cosines.grad[0, 2]).item() == pytest.approx(-(1.25 - 0.4) / (0.1 + 0.25))


def test_gradients():
    assert every_gradient_is_finite(CirclePair(), points())
    assert every_gradient_is_finite(CirclePair(), points(), torch.arange(12))
    assert every_gradient_is_finite(CirclePair(), points(), torch.zeros(12, dtype=torch.long))
