"""Similarities of classes with several centres by loops, the term that merges centres, and the limit of one centre."""

import math

import pytest
import torch

from pipeline.methods.embedding.soft_triple import SoftTriple
from pipeline.methods.margin_softmax.cosface import CosFace
from tests.kit.losses import cross_entropy
from tests.kit.methods import batch, dot, made, step, unit
from tests.kit.metric_learning import CLASSES, CONTEXT_OF_SIX, DIMENSIONS, LABELS, matrix, points, rows


def several(centres, **settings):
    method = made(SoftTriple, context=CONTEXT_OF_SIX, centres=centres, **settings).double()
    make = torch.Generator().manual_seed(5)
    with torch.no_grad():
        method.head.weight.copy_(torch.randn(CLASSES * centres, DIMENSIONS, generator=make))
    return method


def value(method):
    return method.centre_loss(matrix(points(), method.head.weight.detach()), LABELS, points()).item()


@pytest.mark.parametrize("settings", [{}, {"gamma": 0.5, "scale": 7.0, "margin": 0.3, "merging": 2.0}])
def test_soft_triple(settings):
    method, total = several(4, **settings), 0.0
    for row, y in zip(rows(points(), method.head.weight.detach()), LABELS.tolist(), strict=True):
        alike = []
        for c in range(CLASSES):
            near = row[4 * c : 4 * c + 4]
            weights = [math.exp(s / method.gamma) for s in near]
            alike.append(sum(w * s for w, s in zip(weights, near, strict=True)) / sum(weights))
        alike[y] -= method.margin
        total += cross_entropy([method.scale * s for s in alike], y) / 12
    units, spread = [unit(row) for row in method.head.weight.tolist()], 0.0
    for c in range(CLASSES):
        for k in range(4):
            for other in range(k):
                spread += math.sqrt(2 + 1e-5 - 2 * dot(units[4 * c + k], units[4 * c + other]))
    assert value(method) == pytest.approx(total + method.merging * spread / (CLASSES * 4 * 3))


def test_with_one_centre_it_is_cosface():
    method = several(1, margin=0.2)
    s = matrix(points(), method.head.weight.detach())
    found = CosFace(scale=20.0, margin=0.2).objective(20.0 * s, LABELS)
    torch.testing.assert_close(method.centre_loss(s, LABELS, points()), found)


def test_centres_that_are_one_have_its_similarity_and_a_finite_gradient():
    method, single = several(3, merging=0.0), several(1)
    with torch.no_grad():
        method.head.weight.copy_(single.head.weight.repeat_interleave(3, 0))
    assert value(method) == pytest.approx(value(single))
    method.merging = 1.0
    method.centre_loss(method.head(points()), LABELS, points()).backward()
    assert method.head.weight.grad.isfinite().all()


def test_merging_draws_centres_together():
    method = made(SoftTriple, centres=4, merging=50.0, centre_rate=1.0)
    before = method.spread().item()
    for seed in range(20):
        step(method, batch(("full",), seed=seed), learning_rate=0.01)
    assert method.spread().item() < 0.9 * before
    assert method.logits(method.features(batch(("full",)).views[0])).shape == (12, 3)
