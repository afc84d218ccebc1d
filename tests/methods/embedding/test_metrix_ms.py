"""Weighted sums over mixtures by loops; without weight it is multi-similarity."""

import math

import pytest
import torch

from pipeline.methods.embedding.metrix_contrastive import mixtures
from pipeline.methods.embedding.metrix_ms import MetrixMS
from pipeline.methods.embedding.multi_similarity import MultiSimilarity
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, matrix, pairs, points


@pytest.mark.parametrize("soft", [True, False])
def test_metrix_ms(soft):
    method, s, total = MetrixMS(beta=10.0, soft=soft), matrix(points()), 0.0
    torch.manual_seed(1)
    mixed, _, share = mixtures(s, LABELS, 2.0)
    y = share.item() if soft else round(share.item())
    for i, _, others in pairs():
        near = sum(y * math.exp(-method.alpha * (mixed[i, n].item() - method.base)) for n in others)
        far = sum((1 - y) * math.exp(method.beta * (mixed[i, n].item() - method.base)) for n in others)
        total += math.log(1 + near) / method.alpha + math.log(1 + far) / method.beta
    torch.manual_seed(1)
    found = method.cosine_loss(s, LABELS).item()
    base = MultiSimilarity(beta=10.0).cosine_loss(s, LABELS).item()
    assert found - base == pytest.approx(0.4 * total / 12)


def test_without_weight_it_is_multi_similarity():
    s = matrix(points())
    assert torch.equal(MetrixMS(weight=0.0).cosine_loss(s, LABELS), MultiSimilarity().cosine_loss(s, LABELS))


@pytest.mark.parametrize("soft", [True, False])
def test_gradients(soft):
    for seed in range(4):
        torch.manual_seed(seed)
        assert every_gradient_is_finite(MetrixMS(soft=soft), points())
        assert every_gradient_is_finite(MetrixMS(soft=soft), points(), torch.arange(12))
