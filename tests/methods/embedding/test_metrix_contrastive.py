"""Mixtures by mixing vectors, both kinds; without weight it is contrastive, and with rounded labels one-sided."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.embedding.contrastive import Contrastive
from pipeline.methods.embedding.metrix_contrastive import MetrixContrastive, mixtures
from pipeline.ops.metric_mixing import drawn_share, one_of_each
from pipeline.ops.pairs import same_and_different
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, matrix, pairs, points


def draws(seed):
    """What the method draws after this seed: the share, and whom each anchor is mixed with."""
    torch.manual_seed(seed)
    share, itself = drawn_share(2.0).item(), torch.arange(12)
    same, _ = same_and_different(LABELS)
    return share, (one_of_each(same, itself) if torch.rand(()) < 0.5 else itself).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_metrix_contrastive(seed):
    share, partners = draws(seed)
    z, near, far = F.normalize(points(), dim=1), [], []
    method = MetrixContrastive(margin=1.0, soft=seed < 3)
    for i, _, others in pairs():
        for n in others:
            mixture = F.normalize(share * z[partners[i]] + (1 - share) * z[n], dim=0)
            distance = (z[i] - mixture).norm().item()
            near.append(distance)
            far += [1.0 - distance] if distance < 1 else []
    y = share if method.soft else round(share)
    wanted = 0.4 * (y * sum(near) / len(near) + (1 - y) * sum(far) / len(far))
    torch.manual_seed(seed)
    found = method.cosine_loss(matrix(points()), LABELS).item()
    assert found - Contrastive(margin=1.0).cosine_loss(matrix(points()), LABELS).item() == pytest.approx(wanted)


def test_both_kinds_of_pairs_are_drawn():
    kinds = [partners == list(range(12)) for _, partners in map(draws, range(20))]
    assert 3 < sum(kinds) < 17
    _, partners = draws(kinds.index(False))
    assert all(LABELS[i] == LABELS[p] and i != p for i, p in enumerate(partners))


def test_without_weight_it_is_contrastive():
    s = matrix(points())
    assert torch.equal(MetrixContrastive(weight=0.0).cosine_loss(s, LABELS), Contrastive().cosine_loss(s, LABELS))


def test_mixtures_of_an_anchor_with_a_negative_lie_between_them():
    torch.manual_seed(0)
    z = torch.eye(12, dtype=torch.float64)
    mixed, different, share = mixtures(matrix(z), torch.arange(12), 2.0)
    share = share.item()
    assert mixed[different].tolist() == pytest.approx([share / math.hypot(share, 1 - share)] * 132)


def test_gradients():
    for seed in range(4):
        torch.manual_seed(seed)
        assert every_gradient_is_finite(MetrixContrastive(), points())
        assert every_gradient_is_finite(MetrixContrastive(), points(), torch.arange(12))
