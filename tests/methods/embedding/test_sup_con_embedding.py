"""Supervised contrast of one view by loops; of two views of each image it is the other method's loss."""

import math

import pytest
import torch

from pipeline.methods.embedding.sup_con_embedding import SupConEmbedding
from pipeline.methods.joint_embedding.sup_con import SupCon
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, matrix, pairs, points, rows


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_sup_con(temperature):
    cosines, total, labels = rows(points()), 0.0, LABELS.clone()
    labels[10] = 5  # the classes of 9 and 10 have one image each: they are negatives only
    anchors = 0
    for i, own, _ in pairs(labels):
        everyone = sum(math.exp(cosines[i][j] / temperature) for j in range(12) if j != i)
        if own:
            anchors += 1
            total -= sum(math.log(math.exp(cosines[i][p] / temperature) / everyone) for p in own) / len(own)
    assert anchors == 10
    found = SupConEmbedding(temperature=temperature).cosine_loss(matrix(points()), labels)
    assert found.item() == pytest.approx(total / anchors)


def test_two_views_of_each_image():
    z = points().float()
    labels = torch.arange(6)
    expected = SupCon().contrast(labels, z[:6], z[6:])
    torch.testing.assert_close(SupConEmbedding().pair_loss(z, labels.repeat(2)), expected)


def test_without_a_pair_there_is_nothing_to_learn():
    assert SupConEmbedding().pair_loss(points(), torch.arange(12)).item() == 0
    assert every_gradient_is_finite(SupConEmbedding(), points(), torch.arange(12))
