"""Matched clusters against all pairings and scipy, mutual information against scikit-learn."""

import itertools

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import normalized_mutual_info_score

from pipeline.ops.clusterings import contingency, matched, normalised_mutual_information


def drawn(clusters, classes, size=80, seed=0):
    make = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (size,), generator=make)
    stray = torch.rand(size, generator=make) < 0.5
    return torch.where(stray, torch.randint(clusters, (size,), generator=make), (labels + 1) % clusters), labels


def test_contingency_counts_one_by_one():
    clusters, labels = drawn(4, 3)
    found = contingency(clusters, labels)
    for c, k in itertools.product(range(4), range(3)):
        assert found[c, k] == sum(a == c and b == k for a, b in zip(clusters.tolist(), labels.tolist(), strict=True))


@pytest.mark.parametrize("clusters, classes", [(4, 4), (5, 3), (3, 5), (1, 4), (4, 1)])
@pytest.mark.parametrize("seed", range(4))
def test_no_pairing_agrees_more_often(clusters, classes, seed):
    given, labels = drawn(clusters, classes, seed=seed)
    found = matched(given, labels)
    pairs = {(int(a), int(b)) for a, b in zip(given, found, strict=True) if b >= 0}
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    size = max(clusters, classes)
    best = max(
        sum(order[a] == b for a, b in zip(given.tolist(), labels.tolist(), strict=True))
        for order in itertools.permutations(range(size))
    )
    assert int((found == labels).sum()) == best


def test_a_cluster_left_over_is_no_class():
    clusters, labels = torch.tensor([0, 0, 0, 2, 2, 3]), torch.tensor([1, 1, 1, 0, 0, 0])
    assert matched(clusters, labels).tolist() == [1, 1, 1, 0, 0, -1]
    assert matched(torch.zeros(6, dtype=torch.long), labels).tolist() in ([0] * 6, [1] * 6)


@pytest.mark.parametrize("seed", range(3))
def test_many_classes_against_scipy(seed):
    clusters, labels = drawn(30, 30, 900, seed)
    weights = np.zeros((30, 30), dtype=int)
    np.add.at(weights, (clusters.numpy(), labels.numpy()), 1)
    best = weights[linear_sum_assignment(-weights)].sum()
    assert int((matched(clusters, labels) == labels).sum()) == best


@pytest.mark.parametrize("clusters, classes", [(4, 4), (5, 3), (1, 4), (4, 1), (1, 1)])
def test_mutual_information(clusters, classes):
    given, labels = drawn(clusters, classes)
    wanted = normalized_mutual_info_score(labels, given)
    assert normalised_mutual_information(given, labels) == pytest.approx(wanted, abs=1e-12)
    assert normalised_mutual_information((given + 3) % 7, labels) == pytest.approx(wanted, abs=1e-12)
    assert normalised_mutual_information(labels, labels) == pytest.approx(1.0)
