"""Sizes of classes out of clusters, the surest examples, and a contrast of weighted pairs; authors' figures."""

import math

import pytest
import torch

from pipeline.ops.class_counts import estimated_counts, surest, weighted_contrast
from pipeline.ops.similarity import contrast_of_many


def test_clusters_that_are_classes_give_their_sizes():
    truth = torch.arange(5).repeat_interleave(torch.tensor([30, 20, 5, 12, 16]))
    clusters = torch.tensor([3, 0, 4, 2, 1])[truth]
    labels = torch.where((truth < 3) & (torch.arange(len(truth)) % 2 == 0), truth, -1)
    assert estimated_counts(clusters, labels, 5, 3).tolist() == [30, 20, 5, 16, 12]


def test_old_classes_take_sizes_in_the_order_of_their_labels():
    """Both clusters of the old classes are matched, but the larger one goes to the class with more labels."""
    clusters = torch.tensor([0] * 12 + [1] * 6 + [2] * 9)
    labels = torch.full((27,), -1)
    labels[12:17], labels[:3] = 0, 1  # of class 0 five labels, in a cluster of six
    assert estimated_counts(clusters, labels, 3, 2).tolist() == [12, 6, 9]


def test_against_the_authors_code():
    """JianhongBai/BaCon, model/dist_est.py: classes 1 and 2 share a cluster, which class 1 has."""
    clusters = torch.tensor([0] * 8 + [1] * 7 + [2] * 3 + [3] * 5)
    labels = torch.full((23,), -1)
    labels[:4], labels[8:11], labels[11], labels[18] = 0, 1, 2, 2
    assert estimated_counts(clusters, labels, 4, 3).tolist() == [8, 7, 5, 3]


def test_the_surest_of_each_predicted_class():
    confidence = torch.tensor([0.9, 0.5, 0.7, 0.8, 0.6, 0.4])
    predicted = torch.tensor([0, 0, 1, 1, 1, 2])
    assert surest(confidence, predicted, torch.tensor([1.0, 0.0, 1.0])).tolist() == [True, True, *[False] * 3, True]
    torch.manual_seed(0)
    many = torch.rand(4000)
    chosen = surest(many, torch.zeros(4000, dtype=torch.long), torch.tensor([0.3]))
    assert 0.27 < chosen.float().mean() < 0.33 and many[chosen].min() > many[~chosen].max()


def test_weighted_contrast_by_loops_and_of_pairs_that_count_or_not():
    torch.manual_seed(0)
    logits, weights = torch.randn(6, 6, dtype=torch.float64), torch.rand(6, 6, dtype=torch.float64)
    total = 0.0
    for i in range(6):
        others = [j for j in range(6) if j != i]
        below = math.log(math.fsum(math.exp(logits[i, j]) for j in others))
        shares = sum(float(weights[i, j]) for j in others)
        total -= sum(float(weights[i, j]) * (float(logits[i, j]) - below) for j in others) / shares
    assert weighted_contrast(logits, weights).item() == pytest.approx(total / 6, rel=1e-12)
    itself = torch.eye(6, dtype=torch.bool)
    positive = (torch.arange(6)[:, None] % 2 == torch.arange(6) % 2) & ~itself
    alike = weighted_contrast(logits, positive.double())
    torch.testing.assert_close(alike, contrast_of_many(logits, positive, itself))
    torch.testing.assert_close(weighted_contrast(logits, 3 * weights), weighted_contrast(logits, weights))
