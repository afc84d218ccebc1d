"""One-vs-all losses by loops; the start of the threshold balances gradients; no class competes with another."""

import math

import pytest
import torch

from pipeline.methods.embedding.sphere_face2 import SphereFace2
from tests.kit.metric_learning import LABELS, centred, directions, matrix, points, rows, value


@pytest.mark.parametrize("settings", [{}, {"detached": False, "radius": 9.0, "margin": 0.1, "steepness": 1.0}])
def test_sphere_face2(settings):
    method, total = centred(SphereFace2, **settings), 0.0
    r, m, t, share, b = method.radius, method.margin, method.steepness, method.positive_share, method.threshold.item()
    for row, y in zip(rows(points(), directions()), LABELS.tolist(), strict=True):
        for k, c in enumerate(row):
            g = 2 * ((c + 1) / 2) ** t - 1
            if k == y:
                total += share * math.log(1 + math.exp(-r * (g - m) - b))
            else:
                total += (1 - share) * math.log(1 + math.exp(r * (g + m) + b))
    assert value(method) == pytest.approx(50.0 / r * total / 12, rel=1e-6)


@pytest.mark.parametrize("classes", [2, 3, 6, 500])
@pytest.mark.parametrize("margin", [0.0, 0.1, 0.4])
def test_at_the_start_both_sides_pull_alike(classes, margin):
    method = SphereFace2(margin=margin, radius=20.0)
    b, at_zero = method.balanced(classes), 2 * 0.5**3 - 1
    pull = 0.7 / (1 + math.exp(20 * (at_zero - margin) + b))
    push = 0.3 * (classes - 1) / (1 + math.exp(-20 * (at_zero + margin) - b))
    assert pull == pytest.approx(push)


def test_detached_gradients_are_those_of_the_cosine():
    s = matrix(points(), directions()).requires_grad_()
    method, other = centred(SphereFace2), centred(SphereFace2, detached=False)
    one, two = (torch.autograd.grad(of.centre_loss(s, LABELS, s), s)[0] for of in (method, other))
    slope = 3 * ((s.detach() + 1) / 2) ** 2
    torch.testing.assert_close(slope * one, two)


def test_classes_do_not_compete():
    s = matrix(points(), directions()).requires_grad_()
    method, moved = centred(SphereFace2), s.detach().clone()
    moved[:, 5] = -0.3
    one, two = (torch.autograd.grad(method.centre_loss(at, LABELS, at), at)[0] for at in (s, moved.requires_grad_()))
    torch.testing.assert_close(one[:, :5], two[:, :5])
