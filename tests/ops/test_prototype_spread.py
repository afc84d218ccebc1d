"""The spread of clusters by loops."""

import math

import numpy as np
import torch

from pipeline.ops.prototype_spread import spread


def test_the_spread_of_clusters_by_loops():
    draws = torch.Generator().manual_seed(1)
    features, numbers = torch.randn(20, 3, generator=draws), torch.arange(20) % 4
    numbers[16:], numbers[0] = 4, 4
    numbers[numbers == 3] = 2
    numbers[1] = 3  # alone
    means = torch.stack([features[numbers == k].mean(0) for k in range(5)])
    found = []
    for k in range(5):
        own = [
            math.dist(x, means[k].tolist()) for x, n in zip(features.tolist(), numbers.tolist(), strict=True) if n == k
        ]
        found.append(sum(own) / len(own) / math.log(len(own) + 10) if len(own) > 1 else 0.0)
    found[3] = max(found)
    clipped = np.clip(found, np.percentile(found, 10), np.percentile(found, 90))
    np.testing.assert_allclose(spread(features, means, numbers).numpy(), clipped / clipped.mean(), rtol=1e-5)
