"""Classification among several right centres against slow loops, after SimCLR, on clusters of what it learned."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.mlcd import MLCD
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.kmeans import embedded, kmeans, nearest
from tests.kit.methods import SIZE, Training, batch, begun, made, step


def test_disambiguation_equals_slow_loops():
    torch.manual_seed(2)
    scores = 4 * torch.randn(5, 6)
    right = torch.tensor([[0, 1], [5, 2], [3, 4], [1, 0], [2, 3]])
    kept = torch.tensor([True, False, True, True, False, True])
    total = 0.0
    for row, places in zip(scores.double().tolist(), right.tolist(), strict=True):
        negatives = sum(math.exp(row[k]) for k in range(6) if kept[k] and k not in places)
        total += (math.log(1 + negatives) + math.log(1 + sum(math.exp(-row[k]) for k in places))) / 5
    assert MLCD.disambiguated(scores, right, kept).item() == pytest.approx(total, rel=1e-5)


def test_both_views_are_classified_among_learned_centres_and_a_share_of_the_negatives_is_dropped():
    method = begun(made(MLCD, centre_count=7, positives=2, negatives=1.0), 1)
    z = [view.detach().double() for view in method.embed(batch().views)]
    weights = nn.functional.normalize(method.centres.weight.detach().double())
    total = 0.0
    for view in z:
        for i in range(SIZE):
            cosines = (32 * weights @ nn.functional.normalize(view[i], dim=0)).tolist()
            places = method.nearest[i].tolist()
            total += math.log(1 + sum(math.exp(cosines[k]) for k in range(7) if k not in places))
            total += math.log(1 + sum(math.exp(-cosines[k]) for k in places))
    every = method.loss(batch())
    assert every.item() == pytest.approx(total / (2 * SIZE), rel=1e-4)
    every.backward()
    assert float(method.centres.weight.grad.abs().sum()) > 0
    assert float(method.encoder.convolution.weight.grad.abs().sum()) > 0
    assert all(p.grad is None for p in method.initial.parameters())
    method.negatives = 0.5
    assert method.loss(batch()).item() < every.item()


@pytest.mark.parametrize("anew", [True, False])
def test_clusters_are_those_of_what_simclr_learned_and_then_training_starts_anew(anew):
    method, plain = begun(made(MLCD, centre_count=7, positives=2, anew=anew)), made(SimCLR)
    assert method.loss(batch()).item() == pytest.approx(plain.loss(batch()).item(), rel=1e-6)
    initial = method.encoder.convolution.weight.detach().clone()
    step(method, batch())
    features = nn.functional.normalize(embedded(method.encoder, Training().plain()))
    torch.manual_seed(1)
    begun(method, 1)
    torch.manual_seed(1)
    centres, labels = kmeans(features, 7)
    assert torch.equal(method.nearest[:, 0], labels)
    assert torch.equal(method.nearest, nearest(features, centres, 2))
    assert torch.equal(method.encoder.convolution.weight, initial) == anew
