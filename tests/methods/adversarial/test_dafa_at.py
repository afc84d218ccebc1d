"""Weights by loops over pairs; the loss by a loop with each image's own ball; when the weights come, and resuming."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.dafa_at import DAFAAT, class_weights
from pipeline.methods.adversarial.dafa_trades import DAFATRADES
from pipeline.methods.adversarial.pgd_at import PGDAT
from tests.kit.classifiers import MEAN, STD, pixels
from tests.kit.losses import cross_entropy as slow_cross_entropy
from tests.kit.methods import batch, made, step

WEIGHTS = torch.tensor([1.6, 0.9, 0.5], dtype=torch.float64)


def rows(count, seed=0):
    return torch.randn(count, count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).softmax(1)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_weights_against_pairs(strength):
    s = rows(6)
    want = [1.0] * 6
    for i in range(6):
        for j in range(i + 1, 6):
            hard, easy = (i, j) if s[i, i] < s[j, j] else (j, i)
            amount = strength * s[hard, easy].item() * s[easy, easy].item()
            want[hard] += amount
            want[easy] -= amount
    found = class_weights(s, strength)
    assert found.tolist() == pytest.approx(want) and found.sum().item() == pytest.approx(6)
    assert found.argmax() != s.diag().argmax()


def test_weights_follow_the_order_of_classes_and_ties_move_nothing():
    s, order = rows(5), torch.tensor([3, 1, 4, 0, 2])
    torch.testing.assert_close(class_weights(s[order][:, order], 1.0), class_weights(s, 1.0)[order])
    assert torch.equal(class_weights(torch.full((4, 4), 0.25), 1.0), torch.ones(4))
    assert torch.equal(class_weights(s, 0.0), torch.ones(5).double())
    assert class_weights(s, 50.0).min() == 0


@pytest.mark.parametrize("weighted", ["both", "loss", "radius"])
def test_against_a_loop_over_images(weighted):
    radius, steps, size = 0.08, 3, 0.5
    method = made(DAFAAT, radius=radius, steps=steps, step_size=size, weighted=weighted).double()
    method.weights.copy_(WEIGHTS)
    data = pixels()
    slow, raw = copy.deepcopy(method), data.views[0] * STD + MEAN
    torch.manual_seed(4)
    start = 2 * torch.rand(raw.shape, dtype=torch.float64) - 1
    slow.eval()
    moved = []
    for i, y in enumerate(data.labels.tolist()):
        r = radius * (1.0 if weighted == "loss" else WEIGHTS[y].item())
        at = (raw[i] + r * start[i]).clamp(0, 1)
        for _ in range(steps):
            at.requires_grad_()
            z = slow.logits(slow.encoder(((at - MEAN) / STD)[None]))
            (slope,) = torch.autograd.grad(F.cross_entropy(z, data.labels[i : i + 1]), at)
            at = at.detach() + size * r * slope.sign()
            at = torch.minimum(torch.maximum(at, raw[i] - r), raw[i] + r).clamp(0, 1)
        moved.append(at)
    slow.train()
    z = slow.logits(slow.encoder((torch.stack(moved) - MEAN) / STD)).tolist()
    weight = [1.0 if weighted == "radius" else WEIGHTS[y].item() for y in data.labels.tolist()]
    losses = [w * slow_cross_entropy(row, y) for w, row, y in zip(weight, z, data.labels.tolist(), strict=True)]
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(sum(losses) / len(losses), rel=1e-6)


def epochs(method, first=0, last=4, seed=9):
    """Two steps an epoch, by draws of the epoch's own."""
    for epoch in range(first, last):
        method.start_epoch(epoch)
        for number in range(2):
            torch.manual_seed(seed + 10 * epoch + number)
            step(method, pixels(seed=3 * epoch + number), epoch=epoch)
    return method


@pytest.mark.parametrize("cls", [DAFAAT, DAFATRADES])
def test_weights_are_of_the_last_epoch_of_the_warm_up(cls):
    method = made(cls, warm_up=1.0).double()  # two epochs in CONTEXT
    logits = []
    method.encoder.register_forward_hook(
        lambda _, given, out: logits.append(method.head(out).detach()) if method.training else None
    )
    epochs(method, last=1)
    assert not method.counts.any() and torch.equal(method.weights, torch.ones(3).double())
    logits.clear()
    epochs(method, first=1, last=2)
    attacked = logits[1::2] if cls is DAFATRADES else logits
    sums = [[0.0] * 3 for _ in range(3)]
    counts = [0] * 3
    for number, of_step in enumerate(attacked):
        for z, y in zip(of_step.tolist(), pixels(seed=3 + number).labels.tolist(), strict=True):
            total = sum(math.exp(v) for v in z)
            sums[y] = [a + math.exp(v) / total for a, v in zip(sums[y], z, strict=True)]
            counts[y] += 1
    assert method.counts.tolist() == counts
    kept = method.sums.clone()
    epochs(method, first=2, last=3)
    s = torch.tensor([[a / n for a in row] for row, n in zip(sums, counts, strict=True)], dtype=torch.float64)
    torch.testing.assert_close(method.weights, class_weights(s, 1.0))
    assert not torch.equal(method.weights, torch.ones(3).double()) and torch.equal(method.sums, kept)


@pytest.mark.parametrize("cls", [DAFAAT, DAFATRADES])
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_resumed_as_uninterrupted(cls, stop):
    straight = epochs(made(cls, warm_up=1.0).double())
    first = epochs(made(cls, warm_up=1.0).double(), last=stop)
    second = made(cls, warm_up=1.0, seed=8).double()
    second.load_state_dict(first.state_dict())
    epochs(second, first=stop)
    for name, value in straight.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


def test_strength_zero_is_adversarial_training():
    plain = made(PGDAT)
    method = made(DAFAAT, strength=0.0)
    for number in range(3):
        method.start_epoch(number)
        losses = []
        for one in (plain, method):
            torch.manual_seed(number)
            data = batch(("full",), seed=number)
            losses.append(step(one, data).item())
        assert losses[1] == pytest.approx(losses[0], rel=1e-6)
    assert method.counts.any()


def test_a_class_without_images_changes_nothing_of_the_others():
    method = made(DAFAAT)
    method.start_epoch(0)
    method.record(torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), torch.tensor([0, 1]))
    method.start_epoch(1)
    alone = class_weights((method.sums[:2, :2]), 1.0)
    assert method.weights[:2].tolist() == pytest.approx(alone.tolist()) and method.weights[2] == 1
