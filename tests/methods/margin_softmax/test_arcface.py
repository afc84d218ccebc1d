"""The margin by the angle itself, in loops; beyond pi less the margin the target goes on falling."""

import math

import pytest
import torch

from pipeline.methods.margin_softmax.arcface import ArcFace
from tests.kit.classifiers import FIVE, B, embedded
from tests.kit.losses import cosines, cross_entropy
from tests.kit.methods import made


def arc(cosine, margin):
    theta = math.acos(cosine)
    return math.cos(theta + margin) if theta < math.pi - margin else cosine - margin * math.sin(math.pi - margin)


@pytest.mark.parametrize("settings", [{}, {"scale": 10.0, "margin": 1.3}])
def test_arcface(settings, labels):
    method, features, total = made(ArcFace, context=FIVE, **settings), embedded(), 0.0
    for row, y in zip(cosines(features, method.head.weight), labels.tolist(), strict=True):
        row[y] = arc(row[y], method.margin)
        total += cross_entropy([method.scale * c for c in row], y)
    assert method.objective(method.logits(features), labels).item() == pytest.approx(total / B, rel=1e-4)


@pytest.mark.parametrize("margin", [0.1, 0.5, 1.5])
def test_the_target_falls_with_the_angle_all_the_way(margin):
    theta = torch.linspace(0.001, math.pi - 0.001, 500, dtype=torch.float64)
    target = ArcFace(margin=margin).target(theta.cos())
    assert (target.diff() < 0).all()
    near = theta < math.pi - margin - 1e-6
    torch.testing.assert_close(target[near], (theta[near] + margin).cos())


def test_the_gradient_is_finite_at_the_ends():
    cosine = torch.tensor([-1.0, 1.0, 0.3], requires_grad=True)
    ArcFace().target(cosine).sum().backward()
    assert cosine.grad.isfinite().all() and (cosine.grad > 0).all()
