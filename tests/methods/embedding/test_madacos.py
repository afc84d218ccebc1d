"""Scale and margin by loops; the median's probability is what it shall be; without either it is CosFace."""

import math
import statistics

import pytest
import torch

from pipeline.methods.embedding.madacos import MadaCos
from pipeline.methods.margin_softmax.cosface import CosFace
from tests.kit.losses import cross_entropy
from tests.kit.metric_learning import LABELS, centred, directions, matrix, points, rows, value

SETTINGS = [{}, {"alpha": 0.3, "assumed_classes": 6, "least_scale": 2.0}, {"adaptive_scale": False}]


def slow(method, found):
    """(scale, margin, the median's place)"""
    own = [row[y] for row, y in zip(found, LABELS.tolist(), strict=True)]
    median = statistics.median_low(own)
    place = own.index(median)
    odds = method.alpha / (1 - method.alpha)
    scale = max(method.least_scale, math.log(method.assumed_classes / odds) / (1 - median))
    scale = scale if method.adaptive_scale else method.least_scale
    others = sum(math.exp(scale * c) for k, c in enumerate(found[place]) if k != LABELS[place])
    return scale, max(0.0, median - math.log(others * odds) / scale), place


@pytest.mark.parametrize("settings", SETTINGS)
def test_madacos(settings):
    method, total, found = centred(MadaCos, **settings), 0.0, rows(points(spread=0.3), directions())
    scale, margin, _ = slow(method, found)
    for row, y in zip(found, LABELS.tolist(), strict=True):
        total += cross_entropy([scale * (c - margin * (k == y)) for k, c in enumerate(row)], y)
    assert value(method, spread=0.3) == pytest.approx(total / 12)


@pytest.mark.parametrize("alpha", [0.02, 0.3])
def test_the_medians_probability(alpha):
    method = MadaCos(alpha=alpha)
    s = torch.full((5, 6), -0.1, dtype=torch.float64)
    s[torch.arange(5), torch.arange(5)] = torch.tensor([0.2, 0.5, 0.9, 0.7, 0.6], dtype=torch.float64)
    scale, margin = method.scale_and_margin(s, torch.arange(5)[:, None])
    row = scale * s[4].clone()
    row[4] -= scale * margin
    assert margin > 0 and row.softmax(0)[4].item() == pytest.approx(alpha)


def test_without_either_it_is_cosface_without_margin():
    s = 0.9 * matrix(points(), directions())
    found = MadaCos(adaptive_scale=False, adaptive_margin=False).centre_loss(s, LABELS, s)
    torch.testing.assert_close(found, CosFace(scale=32.0, margin=0.0).objective(32.0 * s, LABELS))


def test_both_grow_with_the_median_and_have_no_gradient():
    method, steps = MadaCos(), []
    for near in (0.3, 0.6, 0.95, 1.0):
        s = torch.full((4, 4), -0.1)
        s.fill_diagonal_(near).requires_grad_()
        labels = torch.arange(4)
        loss = method.centre_loss(s, labels, s)
        loss.backward()
        assert loss.isfinite() and s.grad.isfinite().all()
        scale, margin = method.scale_and_margin(s.detach(), labels[:, None])
        probabilities = (scale * (s.detach() - margin * torch.eye(4))).softmax(1)
        torch.testing.assert_close(s.grad, scale * (probabilities - torch.eye(4)) / 4, rtol=1e-4, atol=1e-4)
        steps.append((scale.item(), margin.item()))
    assert steps == sorted(steps) and steps[0][0] == 32.0 and steps[0][1] < steps[-1][1]
