"""Pseudo-labels and separation by loops, the limit in which it is SimGCD, what the ramp does."""

import math

import pytest
import torch

from pipeline.methods.discovery.proto_gcd import ProtoGCD
from pipeline.methods.discovery.simgcd import SimGCD
from tests.kit.discovery import data, member
from tests.kit.methods import dot, unit


def cosines(seed=1, size=10):
    return torch.rand(size, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def slow_targets(rows, share, temperature=0.05):
    """The surest share one-hot, the others soft, by loops; surest by the ratio of the two greatest probabilities."""
    soft = []
    for row in rows.tolist():
        total = math.fsum(math.exp(v / temperature) for v in row)
        soft.append([math.exp(v / temperature) / total for v in row])
    ratios = [sorted(p)[-1] / sorted(p)[-2] for p in soft]
    surest = sorted(range(len(soft)), key=lambda i: -ratios[i])[: int(len(soft) * share)]
    return [[float(v == max(p)) for v in p] if i in surest else p for i, p in enumerate(soft)]


@pytest.mark.parametrize("progress, share", [(0.0, 0.2), (0.25, 0.6), (0.5, 1.0), (0.9, 1.0)])
def test_by_loops(progress, share):
    method = member(ProtoGCD, hard_start=0.2, entropy_weight=1.5, separation_weight=0.7).double()
    method.progress = progress
    one, two = cosines(1), cosines(2)
    assert method.hard_share() == pytest.approx(share)
    targets = slow_targets(one, share), slow_targets(two, share)
    total, mean = 0.0, [0.0] * 4
    for rows, other in ((two, targets[0]), (one, targets[1])):
        for row, q in zip(rows.tolist(), other, strict=True):
            below = math.log(math.fsum(math.exp(v / 0.1) for v in row))
            total -= math.fsum(a * (v / 0.1 - below) for a, v in zip(q, row, strict=True)) / 20
            mean = [m + math.exp(v / 0.1 - below) / 20 for m, v in zip(mean, row, strict=True)]
    missing = math.log(4) + math.fsum(m * math.log(m) for m in mean)
    prototypes, apart = [unit(row) for row in method.head.weight.tolist()], 0.0
    for k, c in enumerate(prototypes):
        others = [math.exp(dot(c, d) / 0.1) for j, d in enumerate(prototypes) if j != k]
        apart += math.log(math.fsum(others) / 3) / 4
    found = method.unsupervised(one, two).item()
    assert found == pytest.approx(total + 1.5 * missing + 0.7 * apart, rel=1e-6)


def test_without_hard_labels_and_separation_it_is_simgcd_at_one_temperature():
    method = member(ProtoGCD, hard_end=0.0, separation_weight=0.0)
    other = member(SimGCD, teacher_start=0.05, teacher_end=0.05)
    for progress in (0.0, 0.6):
        method.progress = other.progress = progress
        losses = [each.loss(data()) for each in (method, other)]
        assert torch.equal(*losses)
    assert member(ProtoGCD, hard_start=1.0).loss(data()).item() != losses[0].item()


def test_separation_is_least_where_prototypes_point_away_from_each_other():
    method = member(ProtoGCD)
    with torch.no_grad():
        method.head.weight.zero_()
        method.head.weight[:, :4] = torch.eye(4) - 0.25
        simplex = method.separation().item()
        assert simplex == pytest.approx(-1 / 3 / 0.1, rel=1e-5)
        method.head.weight[:, :4] = torch.eye(4)
        assert method.separation().item() > simplex
    method.separation().backward()
    assert method.head.weight.grad.any()


def test_pseudo_labels_have_no_gradient():
    method = member(ProtoGCD, hard_start=0.5, entropy_weight=0.0, separation_weight=0.0)
    one, two = cosines(1).requires_grad_(), cosines(2)
    method.unsupervised(one, two).backward()
    target = torch.tensor(slow_targets(two, 0.5))
    torch.testing.assert_close(one.grad, ((one.detach() / 0.1).softmax(1) - target) / 0.1 / 20)
