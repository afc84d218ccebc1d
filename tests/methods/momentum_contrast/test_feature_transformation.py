"""Extrapolated positives and interpolated negatives by slow loops, the positive's closed form, and MoCo v2's limit."""

import pytest
import torch
from torch import nn

from pipeline.methods.momentum_contrast import MomentumContrast, feature_transformation
from pipeline.methods.momentum_contrast.feature_transformation import FeatureTransformation
from tests.kit.embeddings import check_that_it_trains_as_moco, info_nce, queries_and_keys
from tests.kit.methods import SIZE, batch, made, pair


def test_transformed_features_equal_the_slow_loops(monkeypatch):
    method, data = made(FeatureTransformation, batch_norm=False), batch()
    method.key_encoder[1][0].weight.data.mul_(1.5)
    q, k = queries_and_keys(method, data)
    queue, shares, permutations = method.queue.items.double(), iter([0.3, 0.6]), []
    monkeypatch.setattr(feature_transformation, "share", lambda alpha, like: torch.tensor(next(shares)))
    randperm = torch.randperm
    monkeypatch.setattr(torch, "randperm", lambda n, **kw: permutations.append(randperm(n)) or permutations[-1])
    found = method.loss(data).item()
    mixed = 0.6 * queue + 0.4 * queue[permutations[-1]]
    total = 0.0
    for a, b in zip(q, k, strict=True):
        away, other = 1.3 * a - 0.3 * b, 1.3 * b - 0.3 * a
        total += info_nce(float(away @ other), [float(away @ n) for n in mixed], 0.2) / SIZE
    assert found == pytest.approx(total, rel=1e-5)


def test_extrapolation_makes_the_positive_harder_by_the_closed_form(monkeypatch):
    monkeypatch.setattr(feature_transformation, "share", lambda alpha, like: torch.tensor(0.7))
    q, k = (nn.functional.normalize(z) for z in pair(20, 6))
    seen = []
    monkeypatch.setattr(MomentumContrast, "contrast", lambda self, a, b: seen.append((a, b)))
    FeatureTransformation().contrast(q, k)
    before, after = (q * k).sum(1), (seen[0][0] * seen[0][1]).sum(1)
    torch.testing.assert_close(after, before - 2 * 1.7 * 0.7 * (1 - before))
    assert (after <= before).all()


def test_shares_are_drawn_from_the_beta_distribution():
    torch.manual_seed(0)
    drawn = torch.stack([feature_transformation.share(2.0, torch.zeros(1)) for _ in range(2000)])
    assert drawn.min() > 0 and drawn.max() < 1
    assert float(drawn.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(drawn.var()) == pytest.approx(1 / (4 * 5), abs=0.005)


def test_the_queue_takes_the_keys_as_they_were():
    method, data = made(FeatureTransformation, batch_norm=False), batch()
    _, k = queries_and_keys(method, data)
    method.loss(data)
    torch.testing.assert_close(method.keys.double(), k, atol=1e-6, rtol=1e-5)


def test_without_transformations_it_is_moco():
    check_that_it_trains_as_moco(made(FeatureTransformation, positive_alpha=0.0, negative_alpha=0.0))
