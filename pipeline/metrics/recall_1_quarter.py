"""Recall at 1 by a quarter of the dimensions of embeddings alone: how much of what is known a few of them tell."""

from torch import Tensor

from pipeline.ops import retrieval

LABEL = "Recall@1 of a quarter of the dimensions (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"

PART = 4


def compute(features: Tensor, labels: Tensor) -> Tensor:
    """By cosines of the first dimensions of features (N, F), which are like any others, as training knows no order."""
    kept = features[:, : max(1, features.shape[1] // PART)]
    nearest = retrieval.among(kept).argmax(1)
    several = retrieval.relevant(labels) > 0
    return 100.0 * (labels[nearest] == labels)[several].double()
