"""The loss by loops; the divergence and its gradient; the attack's start; what batch normalisation sees."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.trades import TRADES, divergence
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.attacks import Nearby
from tests.kit.classifiers import MEAN, STD, pixels
from tests.kit.losses import cross_entropy as slow_cross_entropy
from tests.kit.losses import log_softmax, mean_over
from tests.kit.methods import classifier, made, step


def slow_divergence(z, other):
    return sum(math.exp(p) * (p - q) for p, q in zip(log_softmax(z), log_softmax(other), strict=True))


@pytest.mark.parametrize("beta", [1.0, 6.0])
def test_against_loops(beta):
    radius, steps, size = 0.08, 4, 0.3
    method = made(TRADES, radius=radius, steps=steps, step_size=size, beta=beta).double()
    data = pixels()
    step(method, pixels(seed=3))  # so that running statistics and the batch's are not alike by chance
    slow, raw = copy.deepcopy(method), data.views[0] * STD + MEAN
    torch.manual_seed(4)
    moved = (raw + (0.001 * torch.randn(raw.shape, dtype=torch.float64)).clamp(-radius, radius)).clamp(0, 1)
    slow.eval()
    clean = slow.logits(slow.encoder(data.views[0])).detach()
    for _ in range(steps):
        moved.requires_grad_()
        z = slow.logits(slow.encoder((moved - MEAN) / STD))
        apart = (clean.softmax(1) * (clean.log_softmax(1) - z.log_softmax(1))).sum()
        (slope,) = torch.autograd.grad(apart, moved)
        moved = moved.detach() + size * radius * slope.sign()
        moved = torch.minimum(torch.maximum(moved, raw - radius), raw + radius).clamp(0, 1)
    slow.train()
    z, other = (slow.logits(slow.encoder(x)) for x in (data.views[0], (moved - MEAN) / STD))
    pairs = list(zip(z.tolist(), other.tolist(), strict=True))
    apart = sum(slow_divergence(*pair) for pair in pairs) / len(pairs)
    want = mean_over(slow_cross_entropy, z, data.labels) + beta * apart
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


def test_beta_zero_is_cross_entropy_and_beta_counts_linearly():
    data, losses = pixels(), {}
    for beta in (0.0, 1.0, 3.0):
        method = made(TRADES, beta=beta).double()
        torch.manual_seed(4)
        losses[beta] = method.loss(data).item()
    assert losses[0.0] == pytest.approx(classifier(CrossEntropy).double().loss(data).item())
    assert losses[3.0] - losses[0.0] == pytest.approx(3 * (losses[1.0] - losses[0.0])) and losses[1.0] > losses[0.0]


def test_divergence():
    torch.manual_seed(0)
    z, other = torch.randn(2, 5, 4, dtype=torch.float64)
    found = divergence(z.log_softmax(1), other.log_softmax(1))
    want = [slow_divergence(*pair) for pair in zip(z.tolist(), other.tolist(), strict=True)]
    assert found.tolist() == pytest.approx(want) and (found > 0).all()
    torch.testing.assert_close(
        divergence(z.log_softmax(1), z.log_softmax(1)), torch.zeros(5).double(), rtol=0, atol=1e-12
    )
    assert torch.autograd.gradcheck(
        lambda a, b: divergence(a.log_softmax(1), b.log_softmax(1)), (z.requires_grad_(), other.requires_grad_())
    )


def test_both_sides_of_the_divergence_learn():
    """The gradient is that of the loss with the attacked images held fixed."""
    method, data = made(TRADES).double(), pixels()
    twin = made(TRADES).double()
    torch.manual_seed(4)
    method.loss(data).backward()
    torch.manual_seed(4)
    with torch.no_grad():
        clean = twin.eval().logits(twin.encoder(data.views[0])).log_softmax(1)
    moved = twin.attacked(lambda z: divergence(clean, z.log_softmax(1)), data.views[0])
    twin.train()
    z, other = (twin.logits(twin.encoder(x)) for x in (data.views[0], moved))
    p, q = z.log_softmax(1), other.log_softmax(1)
    (F.cross_entropy(z, data.labels) + 6.0 * (p.exp() * (p - q)).sum(1).mean()).backward()
    for (name, a), b in zip(method.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, msg=name)


def test_the_attack_starts_near_the_image_and_knows_no_labels():
    method, data = made(TRADES).double(), pixels()
    assert method.attack().start == Nearby(0.001)
    shown = []
    for labels in (data.labels, (data.labels + 1) % 3):
        data.labels, images, twin = labels, [], copy.deepcopy(method)
        twin.encoder.register_forward_pre_hook(lambda _, x, images=images: images.append(x[0].detach()))
        torch.manual_seed(4)
        twin.loss(data)
        shown.append(images)
    assert all(torch.equal(a, b) for a, b in zip(*shown, strict=True))
    assert 0 < ((images[1] - images[0]) * STD).abs().max() < 0.006


def test_batch_normalisation_sees_the_images_and_the_attacked_ones_once_each():
    method, data, seen = made(TRADES).double(), pixels(), []
    method.encoder.convolution.register_forward_hook(lambda *_: seen.append(method.training))
    before = method.encoder.norm.num_batches_tracked.item()
    method.loss(data)
    assert seen == [False] * (1 + method.steps) + [True, True]
    assert method.encoder.norm.num_batches_tracked.item() == before + 2
