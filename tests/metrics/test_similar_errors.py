"""Which class is the worst, which three look like it, and what its images are taken for, by loops and by hand."""

import math

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics.similar_errors import compute


def line(places, each=4):
    """Images of classes whose means stand at these places on a line."""
    labels = torch.arange(len(places)).repeat(each)
    return torch.tensor(places)[labels].view(-1, 1, 1, 1).expand(-1, 1, 2, 2).clone(), labels


def test_by_hand():
    views, labels = line([0.0, 10.0, 1.0, 2.0, 11.0, 3.0])
    told = labels.clone()
    told[(labels == 0).nonzero().squeeze()] = torch.tensor([2, 5, 1, 0])  # 2, 3, 5 are near
    told[(labels == 4).nonzero().squeeze()[0]] = 1
    assert compute(told, views, labels) == pytest.approx(100 * 2 / 3)


def test_against_loops():
    make = torch.Generator().manual_seed(0)
    views, labels = torch.randn(200, 1, 3, 3, generator=make), torch.randint(7, (200,), generator=make)
    told = torch.where(torch.rand(200, generator=make) < 0.4, labels, torch.randint(7, (200,), generator=make))
    images = {c: [v.flatten().tolist() for v, y in zip(views, labels, strict=True) if y == c] for c in range(7)}
    means = {c: [sum(column) / len(column) for column in zip(*rows, strict=True)] for c, rows in images.items()}
    right = {c: [int(t == y) for t, y in zip(told.tolist(), labels.tolist(), strict=True) if y == c] for c in range(7)}
    worst = min(right, key=lambda c: sum(right[c]) / len(right[c]))
    near = sorted((math.dist(means[c], means[worst]), c) for c in range(7) if c != worst)[:3]
    missed = [t for t, y in zip(told.tolist(), labels.tolist(), strict=True) if y == worst != t]
    want = 100 * sum(t in {c for _, c in near} for t in missed) / len(missed)
    assert compute(told, views, labels) == pytest.approx(want)


def test_without_errors_it_is_absent():
    views, labels = line([0.0, 1.0, 2.0, 3.0, 4.0])
    with pytest.raises(Absent, match="no class"):
        compute(labels, views, labels)
