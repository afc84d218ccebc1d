"""The loss by a slow loop in raw float64 pixels; a linear network's worst case in closed form; who sees what."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import MEAN, STD, pixels
from tests.kit.losses import cross_entropy as slow_cross_entropy
from tests.kit.losses import mean_over
from tests.kit.methods import SIDE, batch, classifier, made, step


def test_against_a_loop_in_raw_pixels():
    radius, steps, size = 0.08, 5, 0.3
    method, data = made(PGDAT, radius=radius, steps=steps, step_size=size).double(), pixels()
    slow, raw = copy.deepcopy(method), data.views[0] * STD + MEAN
    torch.manual_seed(4)
    moved = (raw + radius * (2 * torch.rand(raw.shape, dtype=torch.float64) - 1)).clamp(0, 1)
    slow.eval()
    for _ in range(steps):
        moved.requires_grad_()
        z = slow.logits(slow.encoder((moved - MEAN) / STD))
        (slope,) = torch.autograd.grad(F.cross_entropy(z, data.labels), moved)
        moved = moved.detach() + size * radius * slope.sign()
        moved = torch.minimum(torch.maximum(moved, raw - radius), raw + radius).clamp(0, 1)
    slow.train()
    want = mean_over(slow_cross_entropy, slow.logits(slow.encoder((moved - MEAN) / STD)), data.labels)
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


class Linear(nn.Module):
    feature_dim = SIDE**2

    def forward(self, x):
        return x.flatten(1)


def test_the_worst_case_of_a_linear_network():
    """With two classes every pixel moves by the radius against the difference of the two rows of weights."""
    method, data = made(PGDAT, radius=0.05, steps=8).double(), pixels()
    method.encoder, method.head = Linear(), nn.Linear(SIDE**2, 2).double()
    data.labels = data.labels % 2
    weight = method.head.weight.detach()
    away = (weight[1 - data.labels] - weight[data.labels]).sign().view(-1, 1, SIDE, SIDE)
    worst = (data.views[0] * STD + MEAN + 0.05 * away).clamp(0, 1)
    want = F.cross_entropy(method.head(((worst - MEAN) / STD).flatten(1)), data.labels)
    assert method.loss(data).item() == pytest.approx(want.item(), rel=1e-6)
    assert want > F.cross_entropy(method.head(data.views[0].flatten(1)), data.labels)


def test_batch_normalisation_sees_the_attacked_images_once():
    method, data, seen = made(PGDAT).double(), pixels(), []
    method.encoder.convolution.register_forward_hook(lambda *_: seen.append(method.training))
    before = method.encoder.norm.num_batches_tracked.item()
    method.loss(data)
    assert seen == [False] * method.steps + [True]
    assert method.encoder.norm.num_batches_tracked.item() == before + 1


def test_the_gradient_is_that_of_cross_entropy_at_the_attacked_images():
    method, data = made(PGDAT).double(), pixels()
    torch.manual_seed(5)
    moved = method.attacked(lambda z: F.cross_entropy(z, data.labels, reduction="sum"), data.views[0])
    plain = classifier(CrossEntropy).double()
    plain.load_state_dict(method.state_dict())
    torch.manual_seed(5)
    method.loss(data).backward()
    plain.objective(plain.logits(plain.encoder(moved)), data.labels).backward()
    for (name, p), q in zip(method.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, msg=name)


def test_training_on_attacks_makes_them_weaker():
    """Where the first pixels tell the class plainly and the others tell it a little each, attacks take the others."""
    torch.manual_seed(0)
    labels = torch.arange(120) % 2
    raw = 0.5 + 0.02 * (2 * labels - 1)[:, None, None, None] * torch.ones(120, 1, SIDE, SIDE)
    raw[:, :, 0] = 0.5 + 0.4 * (2 * labels - 1)[:, None, None]
    data = batch(("full",), size=120)
    data.views, data.labels = [(raw - MEAN) / STD], labels
    left = {}
    for cls in (CrossEntropy, PGDAT):
        method = classifier(cls)
        method.encoder, method.head = Linear(), nn.Linear(SIDE**2, 2)
        for _ in range(60):
            step(method, data, learning_rate=0.01)
        judge = made(PGDAT)
        judge.encoder, judge.head = method.encoder, method.head
        moved = judge.attacked(lambda z: F.cross_entropy(z, labels, reduction="sum"), data.views[0])
        left[cls] = F.cross_entropy(method.head(moved.flatten(1)), labels).item()
    assert left[PGDAT] < 0.8 * left[CrossEntropy]
