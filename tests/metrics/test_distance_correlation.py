"""Ranks of distances and accuracies by hand, by scipy, and of classes that are all alike."""

import pytest
import torch
from scipy.stats import spearmanr

from pipeline.errors import Absent
from pipeline.metrics.distance_correlation import compute


def line(places, each=4):
    """Images of classes whose means stand at these places on a line, and which classes are told of none to all."""
    labels = torch.arange(len(places)).repeat(each)
    return torch.tensor(places)[labels].view(-1, 1, 1, 1).expand(-1, 1, 2, 2).clone(), labels


def told(labels, counts):
    """Of each class so many images told rightly."""
    found = labels.clone()
    for c, count in enumerate(counts):
        found[(labels == c).nonzero().squeeze(1)[count:]] = (c + 1) % len(counts)
    return found


def test_by_hand():
    views, labels = line([0.0, 1.0, 3.0, 10.0])  # in all 14, 12, 12 and 26 away
    assert compute(told(labels, [3, 1, 1, 4]), views, labels) == pytest.approx(1.0)
    assert compute(told(labels, [1, 2, 2, 0]), views, labels) == pytest.approx(-1.0)


def test_against_scipy():
    make = torch.Generator().manual_seed(0)
    views, labels = torch.randn(300, 1, 3, 3, generator=make), torch.randint(8, (300,), generator=make)
    found = torch.where(torch.rand(300, generator=make) < 0.5, labels, torch.randint(8, (300,), generator=make))
    means = [views[labels == c].double().mean(0) for c in range(8)]
    apart = [sum((a - b).norm().item() for b in means) for a in means]
    robust = [(found[labels == c] == c).double().mean().item() for c in range(8)]
    assert compute(found, views, labels) == pytest.approx(spearmanr(apart, robust).statistic)


def test_without_a_difference_it_is_absent():
    views, labels = line([0.0, 1.0, 3.0])
    with pytest.raises(Absent, match="equally robust"):
        compute(labels, views, labels)
