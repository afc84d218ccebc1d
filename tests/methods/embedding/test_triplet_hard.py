"""The hardest positive and negative of every anchor by loops; what is compared by distance is ranked by it."""

import math

import pytest
import torch

from pipeline.methods.embedding.triplet_hard import TripletHard, euclidean
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, pairs, points


@pytest.mark.parametrize("settings", [{}, {"soft": False}, {"soft": False, "margin": 1.0}])
def test_triplet_hard(settings):
    method, z, found = TripletHard(**settings), points().tolist(), []
    for i, own, others in pairs():
        missing = max(math.dist(z[i], z[p]) for p in own) - min(math.dist(z[i], z[n]) for n in others)
        found.append(math.log(1 + math.exp(missing)) if method.soft else max(0.0, method.margin + missing))
    assert method.pair_loss(points(), LABELS).item() == pytest.approx(sum(found) / 12)


def test_an_anchor_without_positive_or_negative_does_not_count():
    z, labels = points(), LABELS.clone()
    labels[3] = 9
    kept = torch.arange(12) != 3
    method = TripletHard()
    losses = [
        method.pair_loss(torch.cat([z[kept], far[None]]), torch.cat([labels[kept], labels[3:4]]))
        for far in (z[3] + 1e3, z[3] - 1e3)
    ]
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(losses[0], method.pair_loss(z[kept], labels[kept]))
    alone = z.clone().requires_grad_()
    loss = method.pair_loss(alone, torch.zeros(12).long())
    loss.backward()
    assert loss.item() == 0 and not alone.grad.any()


def test_moved_and_turned_it_is_the_same_and_not_when_stretched():
    turn = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64)).Q
    loss = TripletHard().pair_loss(points(), LABELS)
    torch.testing.assert_close(TripletHard().pair_loss(points() @ turn + 3, LABELS), loss)
    assert TripletHard().pair_loss(2 * points(), LABELS).item() != pytest.approx(loss.item())


def test_similarity_is_distance():
    z = points()
    assert euclidean(z, z[:4])[5, 2].item() == pytest.approx(math.dist(z[5].tolist(), z[2].tolist()))
    found = TripletHard().similarity(z, z[:4])
    torch.testing.assert_close(found, -euclidean(z.float(), z[:4].float()))


def test_gradients():
    z = points().float()
    z[3] = z[0]
    assert every_gradient_is_finite(TripletHard(), z)
    assert every_gradient_is_finite(TripletHard(), z, torch.arange(12))
