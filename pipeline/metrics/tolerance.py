"""Mean cosine of pairs of test features of one class, after Wang and Liu (2021)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.geometry import with_pairs

LABEL = "Tolerance"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = "higher"


def compute(features: Tensor, labels: Tensor, further_features: dict[str, Tensor]) -> dict[str, float]:
    """Of features (N, F) with labels (N,), and of the method's further features by name."""
    return {name: tolerance(z, labels) for name, z in {"": features, **further_features}.items()}


@torch.no_grad()
def tolerance(z: Tensor, labels: Tensor) -> float:
    """Mean cosine of distinct pairs of features (N, F) of one class (N,), in [-1, 1]; higher is more tolerant.

    Wang and Liu average over all pairs with other classes' counted as 0; here over the pairs of one class, so that the
    figure does not depend on the number of classes. Raises Absent where no class has two examples.
    """
    z = F.normalize(z.double())
    classes, place, counts = with_pairs(labels).unique(return_inverse=True, return_counts=True)
    sums = z.new_zeros(len(classes), z.shape[1]).index_add_(0, place, z)
    # |sum of a class|^2 holds every ordered pair of it and its members with themselves
    return float((sums.square().sum() - z.square().sum()) / (counts * (counts - 1)).sum())
