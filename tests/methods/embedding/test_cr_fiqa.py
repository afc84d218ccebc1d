"""Classifiability by loops; without weight it is ArcFace; the prediction learns, and what it predicts does not."""

import math

import pytest
import torch

from pipeline.methods.embedding.cr_fiqa import CRFIQA
from pipeline.methods.margin_softmax.arcface import ArcFace
from tests.kit.losses import cross_entropy
from tests.kit.metric_learning import LABELS, centred, directions, matrix, points, rows, value

SETTINGS = [{}, {"shifted": False}, {"relative": False, "quality_weight": 2.0, "margin": 0.1}]


@pytest.mark.parametrize("settings", SETTINGS)
def test_cr_fiqa(settings):
    method, total = centred(CRFIQA, **settings), 0.0
    w, b = method.regressor.weight[0].tolist(), method.regressor.bias.item()
    data = zip(points().tolist(), rows(points(), directions()), LABELS.tolist(), strict=True)
    for z, row, y in data:
        s, m = method.scale, method.margin
        angle = math.acos(row[y])
        target = math.cos(angle + m) if angle + m < math.pi else row[y] - m * math.sin(m)
        total += cross_entropy([s * (target if k == y else c) for k, c in enumerate(row)], y)
        other = max(c for k, c in enumerate(row) if k != y)
        wanted = row[y] / (other + (1 if method.shifted else 0)) if method.relative else row[y]
        gap = abs(sum(x * v for x, v in zip(z, w, strict=True)) + b - wanted)
        total += method.quality_weight * (gap * gap if gap < 0.5 else gap - 0.25)
    assert value(method) == pytest.approx(total / 12, rel=1e-6)


def test_without_weight_it_is_arcface():
    s = 0.9 * matrix(points(), directions())
    found = centred(CRFIQA, quality_weight=0.0).centre_loss(s, LABELS, points())
    torch.testing.assert_close(found, ArcFace().objective(64.0 * s, LABELS))


def test_the_target_has_no_gradient_and_the_prediction_has_one():
    s, z = matrix(points(), directions()).requires_grad_(), points().requires_grad_()
    method = centred(CRFIQA)
    alone = torch.autograd.grad(centred(CRFIQA, quality_weight=0.0).centre_loss(s, LABELS, z), s)[0]
    both = torch.autograd.grad(method.centre_loss(s, LABELS, z), [s, z])
    torch.testing.assert_close(both[0], alone)
    assert (both[1].norm(dim=1) > 0).all()
    torch.testing.assert_close(method.qualities(z), method.regressor(z)[:, 0])
