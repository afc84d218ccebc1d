"""Geodesics by loops: who meets whom, what lies between, the loss there; known distributions; metrics."""

import math
from itertools import pairwise

import pytest
import torch
from scipy.optimize import linear_sum_assignment

from pipeline.contract import Inputs
from pipeline.metrics import geodesic_loss, geodesic_variation
from pipeline.ops.geodesics import between, curves, variation

INPUTS = Inputs(shape=(2, 2, 2), view_shape=(2, 2, 2), mean=(0.0, 0.0), std=(1.0, 0.1))
COUPLES = torch.tensor([[0, 2], [3, 1]])


def drawn(count=22, seed=0):
    draws = torch.Generator().manual_seed(seed)
    return torch.randn(count, 2, 2, 2, generator=draws, dtype=torch.float64), torch.arange(count) % 4


def classify(views):
    return views.flatten(1) @ torch.linspace(-1, 1, 32, dtype=views.dtype).view(8, 4)


def test_pairs_and_losses_by_loops():
    views, labels = drawn()
    made = between(views, labels, COUPLES, INPUTS)
    raw = views * torch.tensor([1.0, 0.1]).view(2, 1, 1)
    place = 0
    curve = made.curve(classify, 5)
    for number, (a, b) in enumerate(COUPLES.tolist()):
        one, other = ([i for i in range(22) if labels[i] == label] for label in (a, b))
        count = min(len(one), len(other))
        costs = [[(raw[i] - raw[j]).square().sum().item() for j in other[:count]] for i in one[:count]]
        _, order = linear_sum_assignment(costs)
        losses = [0.0] * 5
        for i, partner in zip(one, order, strict=False):
            x, y = views[i], views[other[partner]]
            assert torch.equal(made.starts[place], x) and torch.equal(made.ends[place], y)
            assert made.classes[place].tolist() == [a, b] and made.couples[place] == number
            for k in range(5):
                t = k / 4
                z = classify(((1 - t) * x + t * y)[None])[0].tolist()
                total = math.log(sum(math.exp(v) for v in z))
                losses[k] += ((1 - t) * (total - z[a]) + t * (total - z[b])) / count
            place += 1
        assert curve[:, number].tolist() == pytest.approx(losses)
        rises = sum(abs(after - before) for before, after in pairwise(losses))
        assert variation(curve)[number].item() == pytest.approx(rises)
    assert place == len(made.starts)


def test_transport_is_shorter_than_pairs_as_they_come():
    views, labels = drawn(200)
    lengths = {}
    for transport in (True, False):
        made = between(views, labels, COUPLES, INPUTS, transport)
        lengths[transport] = ((made.ends - made.starts) / INPUTS.scale).flatten(1).square().sum(1).mean()
        assert made.counts.tolist() == [50, 50]
    assert lengths[True] < 0.8 * lengths[False]
    twin = between(views, labels, COUPLES, INPUTS, False)
    assert torch.equal(twin.starts[:50], views[labels == 0]) and torch.equal(twin.ends[:50], views[labels == 2])


def test_a_shifted_class_is_met_image_by_image():
    """The optimal transport from a distribution to its shifted copy is the shift."""
    draws = torch.Generator().manual_seed(1)
    one = torch.randn(12, 2, 2, 2, generator=draws)
    views = torch.cat([one, one[torch.randperm(12, generator=draws)] + 0.3])
    made = between(views, torch.arange(24) // 12, torch.tensor([[0, 1]]), INPUTS)
    torch.testing.assert_close(made.ends, made.starts + 0.3)
    torch.testing.assert_close(made.points(torch.full((12,), 0.5)), made.starts + 0.15)


def test_who_knows_nothing_is_alike_everywhere_and_metrics_are_of_the_curves():
    views, labels = drawn(60)
    blind = lambda at: torch.zeros(len(at), 4, dtype=at.dtype)  # noqa: E731
    assert geodesic_variation.compute(blind, views, labels, INPUTS) == pytest.approx(0.0, abs=1e-12)
    assert geodesic_loss.compute(blind, views, labels, INPUTS) == pytest.approx(math.log(4))
    found = curves(classify, views, labels, INPUTS)
    assert found.shape == (9, 6) and not found.requires_grad
    assert geodesic_loss.compute(classify, views, labels, INPUTS) == pytest.approx(found.max(0).values.mean().item())
    assert geodesic_variation.compute(classify, views, labels, INPUTS) > 0
    fewer = curves(classify, views, labels, INPUTS, count=3)
    first = torch.cat([(labels == label).nonzero().squeeze(1)[:3] for label in range(4)])
    torch.testing.assert_close(fewer, curves(classify, views[first], labels[first], INPUTS))
