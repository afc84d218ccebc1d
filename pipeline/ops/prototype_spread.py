"""How far the members of a cluster lie from its mean, as the temperature of a contrast with prototypes."""

import math

import torch
from torch import Tensor


def spread(features: Tensor, means: Tensor, numbers: Tensor) -> Tensor:
    """phi (K,) of clusters with means (K, F), for features (N, F) and their clusters (N,); of one image, the
    largest."""
    distances = (features - means[numbers]).norm(dim=1)
    members = [distances[numbers == number] for number in range(len(means))]
    found = torch.stack(
        [own.mean() / math.log(len(own) + 10) if len(own) > 1 else own.new_zeros(()) for own in members]
    )
    found = torch.where(found > 0, found, found.max().clamp_min(1e-6))
    found = found.clamp(found.quantile(0.1), found.quantile(0.9))
    return found / found.mean()
