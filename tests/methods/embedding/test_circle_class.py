"""With classes by loops; without weights it is CosFace."""

import math

import pytest
import torch

from pipeline.methods.embedding.circle_class import CircleClass
from pipeline.methods.margin_softmax.cosface import CosFace
from tests.kit.metric_learning import LABELS, centred, directions, matrix, points, rows, value


@pytest.mark.parametrize("settings", [{"gamma": 30.0}, {"margin": 0.4, "gamma": 8.0}])
def test_circle_class(settings):
    method, total = centred(CircleClass, **settings), 0.0
    for s, y in zip(rows(points(), directions()), LABELS.tolist(), strict=True):
        m, g = method.margin, method.gamma
        far = sum(math.exp(g * max(0, c + m) * (c - m)) for k, c in enumerate(s) if k != y)
        total += math.log(1 + far * math.exp(-g * max(0, 1 + m - s[y]) * (s[y] - 1 + m)))
    assert value(method) == pytest.approx(total / 12)


def test_without_weights_it_is_cosface():
    s = matrix(points(), directions())
    found = CircleClass(margin=0.3, gamma=16.0, weighted=False).centre_loss(s, LABELS, s)
    torch.testing.assert_close(found, CosFace(scale=16.0, margin=0.4).objective(16.0 * s, LABELS))


def test_at_the_papers_scale_nothing_overflows():
    s = (4 * torch.rand(12, 6) - 2).clamp(-1, 1).requires_grad_()
    loss = CircleClass().centre_loss(s, LABELS, s)
    loss.backward()
    assert loss.isfinite() and s.grad.isfinite().all()
