"""The loss by a loop with each image's own ball; without weights it is TRADES."""

import copy
import math

import pytest
import torch

from pipeline.methods.adversarial.dafa_trades import DAFATRADES
from pipeline.methods.adversarial.trades import TRADES
from pipeline.ops.attacks import Nearby
from tests.kit.classifiers import MEAN, STD, pixels
from tests.kit.losses import cross_entropy as slow_cross_entropy
from tests.kit.losses import log_softmax
from tests.kit.methods import made, step

WEIGHTS = torch.tensor([1.6, 0.9, 0.5], dtype=torch.float64)


@pytest.mark.parametrize("weighted", ["both", "loss", "radius"])
def test_against_a_loop_over_images(weighted):
    radius, steps, size, beta = 0.08, 3, 0.3, 2.0
    method = made(DAFATRADES, radius=radius, steps=steps, step_size=size, beta=beta, weighted=weighted).double()
    method.weights.copy_(WEIGHTS)
    step(method, pixels(seed=3))
    data = pixels()
    slow, raw = copy.deepcopy(method), data.views[0] * STD + MEAN
    torch.manual_seed(4)
    start = 0.001 * torch.randn(raw.shape, dtype=torch.float64)
    slow.eval()
    moved = []
    for i, y in enumerate(data.labels.tolist()):
        r = radius * (1.0 if weighted == "loss" else WEIGHTS[y].item())
        clean = slow.logits(slow.encoder(data.views[0][i : i + 1])).detach()
        at = (raw[i] + start[i].clamp(-r, r)).clamp(0, 1)
        for _ in range(steps):
            at.requires_grad_()
            z = slow.logits(slow.encoder(((at - MEAN) / STD)[None]))
            apart = (clean.softmax(1) * (clean.log_softmax(1) - z.log_softmax(1))).sum()
            (slope,) = torch.autograd.grad(apart, at)
            at = at.detach() + size * r * slope.sign()
            at = torch.minimum(torch.maximum(at, raw[i] - r), raw[i] + r).clamp(0, 1)
        moved.append(at)
    slow.train()
    images = (data.views[0], (torch.stack(moved) - MEAN) / STD)
    pairs = zip(*(slow.logits(slow.encoder(x)).tolist() for x in images), data.labels.tolist(), strict=True)
    total = 0.0
    for z, other, y in pairs:
        apart = sum(math.exp(p) * (p - q) for p, q in zip(log_softmax(z), log_softmax(other), strict=True))
        total += (1.0 if weighted == "radius" else WEIGHTS[y].item()) * slow_cross_entropy(z, y) + beta * apart
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(total / len(data.labels), rel=1e-6)


def test_without_weights_it_is_trades():
    assert made(DAFATRADES).attack().start == Nearby(0.001)
    plain, method = made(TRADES).double(), made(DAFATRADES, strength=0.0).double()
    for number in range(3):
        method.start_epoch(number)
        losses = []
        for one in (plain, method):
            torch.manual_seed(number)
            losses.append(step(one, pixels(seed=number)).item())
        assert losses[1] == pytest.approx(losses[0], rel=1e-9)


def test_a_weight_changes_the_outcome_of_its_class():
    data, losses = pixels(), {}
    for weighted in ("both", "loss", "radius"):
        method = made(DAFATRADES, weighted=weighted).double()
        method.weights.copy_(WEIGHTS)
        torch.manual_seed(4)
        losses[weighted] = method.loss(data).item()
    assert len(set(losses.values())) == 3
