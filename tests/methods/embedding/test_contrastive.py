"""Distances by loops; repulsion ends at the margin; coinciding images have finite gradients."""

import math

import pytest
import torch

from pipeline.methods.embedding.contrastive import Contrastive
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, matrix, pairs, points, rows


@pytest.mark.parametrize("settings", [{"margin": 0.9}, {"margin": 1.4}, {"margin": 1.0, "repulsion": 0.5}])
def test_contrastive(settings):
    method, near, far = Contrastive(**settings), [], []
    cosines = rows(points())
    for i, own, others in pairs():
        distance = [math.sqrt(max(2 - 2 * c, 1e-8)) for c in cosines[i]]
        near += [distance[j] for j in own]
        far += [method.margin - distance[j] for j in others if distance[j] < method.margin]
    wanted = sum(near) / len(near) + method.repulsion * (sum(far) / len(far) if far else 0)
    assert far
    assert method.cosine_loss(matrix(points()), LABELS).item() == pytest.approx(wanted)


def test_beyond_the_margin_nothing_repels():
    z = torch.eye(4, dtype=torch.float64).repeat_interleave(2, 0)
    labels = torch.arange(4).repeat_interleave(2)
    assert Contrastive(margin=1.4).cosine_loss(matrix(z), labels).item() == pytest.approx(1e-4)
    assert Contrastive(margin=1.5).cosine_loss(matrix(z), labels).item() == pytest.approx(1e-4 + 1.5 - math.sqrt(2))


def test_gradients_where_images_coincide():
    z = points().float()
    z[3] = z[0]
    assert every_gradient_is_finite(Contrastive(), z)
    assert every_gradient_is_finite(Contrastive(), z, torch.arange(12))


def test_it_ignores_length():
    z = points().float()
    method = Contrastive(margin=1.0)
    torch.testing.assert_close(method.pair_loss(z, LABELS), method.pair_loss(7 * z, LABELS))
