"""Normalised mutual information of clusters and classes of the training images without labels; nothing is matched."""

from torch import Tensor

from pipeline.ops.clusterings import normalised_mutual_information

LABEL = "Normalised mutual information (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(unlabelled_clusters: Tensor, unlabelled_labels: Tensor) -> float:
    """2 I(C; Y) / (H(C) + H(Y)) of clusters (M,) and labels (M,)."""
    return 100.0 * normalised_mutual_information(unlabelled_clusters, unlabelled_labels)
