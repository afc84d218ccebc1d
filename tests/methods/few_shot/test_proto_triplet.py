"""The triplet with prototypes, by loops."""

import torch

from pipeline.methods.few_shot.proto_net import ProtoNet
from pipeline.methods.few_shot.proto_triplet import ProtoTriplet


def batch():
    make = torch.Generator().manual_seed(4)
    return torch.randn(3, 2, 5, generator=make).double(), torch.randn(3, 4, 5, generator=make).double()


def test_against_loops_and_beside_cross_entropy():
    support, queries = batch()
    total = 0.0
    for c in range(3):
        for q in queries[c]:
            d = [float((q - support[k].mean(0)).square().sum() + 1e-6) ** 0.5 for k in range(3)]
            total += max(0.0, d[c] - min(d[:c] + d[c + 1 :]) + 0.5)
    alone = float(ProtoTriplet(cross=False).episode_loss(support, queries))
    assert abs(alone - total / 12) < 1e-9
    both = float(ProtoNet().episode_loss(support, queries)) + alone
    assert abs(float(ProtoTriplet().episode_loss(support, queries)) - both / 2) < 1e-9
