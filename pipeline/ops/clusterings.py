"""Clusters held against classes."""

import torch
from torch import Tensor

from pipeline.ops.assignment import assignment


def contingency(clusters: Tensor, labels: Tensor) -> Tensor:
    """(C, K) int64: how many examples of each cluster have each label; clusters (N,) and labels (N,) from 0."""
    rows, columns = int(clusters.max()) + 1, int(labels.max()) + 1
    return torch.bincount(clusters * columns + labels, minlength=rows * columns).view(rows, columns)


def matched(clusters: Tensor, labels: Tensor) -> Tensor:
    """(N,) int64: the class of each example's cluster, where clusters and classes are paired to agree most often.

    One pairing of all clusters with all classes, old and new together. A cluster that is left over has -1.
    """
    counts = contingency(clusters, labels)
    size = max(counts.shape)
    costs = counts.new_zeros(size, size)
    costs[: counts.shape[0], : counts.shape[1]] = -counts
    classes = assignment(costs)[: counts.shape[0]]
    return torch.where(classes < counts.shape[1], classes, -1)[clusters]


def normalised_mutual_information(clusters: Tensor, labels: Tensor) -> float:
    """I(C; Y) over the mean of H(C) and H(Y), from 0 to 1; 1 where both put everything together."""
    joint = contingency(clusters, labels).double() / len(labels)
    of_cluster, of_label = joint.sum(1), joint.sum(0)
    entropies = _entropy(of_cluster) + _entropy(of_label)
    if entropies == 0:
        return 1.0
    return min(1.0, max(0.0, 2 * (entropies - _entropy(joint.flatten())) / entropies))


def _entropy(shares: Tensor) -> float:
    return float(-torch.special.xlogy(shares, shares).sum())
