"""The sum of alignments, uniformities and k-JEM against slow loops over kernels, and what background images reach."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.sepclr import SepCLR, log_kernel, uniformity
from tests.kit.methods import SIZE, batch, dot, made, pair, unit


def loop_sepclr(c, s, target, weights, tau):
    c = [[unit(row) for row in view.double().tolist()] for view in c]
    s = [view.double().tolist() for view in s]
    size, (salient_weight, background_weight, joint_weight) = len(target), weights
    fixed = [[row if t else [0.0] * len(row) for row, t in zip(view, target, strict=True)] for view in s]

    def apart(a, b):
        return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))

    def kernel(a, b):
        return math.exp(-apart(a, b) / (2 * tau))

    def uniform(view):
        values = [kernel(view[i], view[j]) for i in range(size) for j in range(i)]
        return math.log(sum(values) / len(values))

    common = sum(apart(a, b) for a, b in zip(*c, strict=True)) / (2 * tau) / size
    common += 2 * (uniform(c[0]) + uniform(c[1])) / 2
    chosen = [i for i in range(size) if target[i]]
    salient = sum(apart(s[0][i], s[1][i]) for i in chosen) / (2 * tau) / len(chosen)
    salient += 2 * (uniform(fixed[0]) + uniform(fixed[1])) / 2
    background = 0.0
    others = [i for i in range(size) if not target[i]]
    for view in s:
        background += sum(dot(view[i], view[i]) for i in others) / (2 * tau) / len(others) / 2
    joint = 0.0
    for a, b in zip(c, fixed, strict=True):
        for i in range(size):
            joint += math.log(sum(kernel(a[i], a[j]) * kernel(b[i], b[j]) for j in range(size)) / size) / size / 2
    return common + salient_weight * salient + background_weight * background + joint_weight * joint


def test_sepclr_equals_the_slow_loops():
    method = SepCLR(salient_weight=3.0, background_weight=2.0, joint_weight=0.7, tau=0.4)
    c, s = list(pair(7, 4)), [0.7 * z for z in pair(7, 3, seed=8)]
    target = torch.tensor([True, False, True, True, False, False, True])
    found = method.separated([nn.functional.normalize(z) for z in c], s, target).item()
    assert found == pytest.approx(loop_sepclr(c, s, target.tolist(), (3.0, 2.0, 0.7), 0.4), rel=1e-5)


def test_of_labels_only_whether_they_are_the_last_class_is_read():
    losses = []
    for labels in ([0, 1, 2] * 4, [1, 0, 2] * 4, [2, 0, 1] * 4):
        method, data = made(SepCLR), batch()
        data.labels = torch.tensor(labels)
        losses.append(method.loss(data).item())
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("label", [0, 2])
def test_batches_without_background_or_targets_are_survived(label):
    method, data = made(SepCLR), batch()
    data.labels = torch.full((SIZE,), label)
    method.loss(data).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())


def test_background_reaches_the_salient_encoder_only_as_length():
    s = [z.requires_grad_() for z in pair(6, 3)]
    c = [nn.functional.normalize(z) for z in pair(6, 3, seed=4)]
    target = torch.tensor([True, True, True, False, False, False])
    SepCLR(background_weight=0.0).separated(c, s, target).backward()
    assert not s[0].grad[3:].any() and s[0].grad[:3].all()


def test_uniformity_leaves_out_each_image_with_itself():
    assert float(uniformity(log_kernel(torch.zeros(4, 2), 0.5))) == pytest.approx(0.0, abs=1e-6)
    far = torch.tensor([[0.0, 0.0], [30.0, 40.0]])
    assert float(uniformity(log_kernel(far, 0.5))) == pytest.approx(-2500.0)
