"""Attention to the support, by loops."""

import math

import torch

from pipeline.methods.few_shot.matching_net import MatchingNet


def batch():
    make = torch.Generator().manual_seed(4)
    return torch.randn(3, 2, 5, generator=make).double(), torch.randn(3, 4, 5, generator=make).double()


def test_against_loops():
    support, queries = batch()
    total = 0.0
    for c in range(3):
        for q in queries[c]:
            weights = [
                [math.exp(10 * float(torch.nn.functional.cosine_similarity(q, x, dim=0))) for x in support[k]]
                for k in range(3)
            ]
            total -= math.log(sum(weights[c]) / sum(map(sum, weights)))
    assert abs(float(MatchingNet().episode_loss(support, queries)) - total / 12) < 1e-6
