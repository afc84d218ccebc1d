"""Prototypes, by loops."""

import math

import torch

from pipeline.methods.few_shot.proto_net import ProtoNet


def batch():
    make = torch.Generator().manual_seed(4)
    return torch.randn(3, 2, 5, generator=make).double(), torch.randn(3, 4, 5, generator=make).double()


def test_against_loops():
    support, queries = batch()
    total = 0.0
    for c in range(3):
        for q in queries[c]:
            scores = [math.exp(-float((q - support[k].mean(0)).square().sum()) / 2) for k in range(3)]
            total -= math.log(scores[c] / sum(scores))
    assert abs(float(ProtoNet(temperature=2.0).episode_loss(support, queries)) - total / 12) < 1e-9
