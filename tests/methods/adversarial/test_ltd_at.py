"""Attack and loss with a teacher's targets by loops; a sure teacher; the control's entropy; a teacher at rest."""

import copy

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.ltd_at import LTDAT
from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.classifier.distillation import Distillation
from tests.kit.classifiers import MEAN, STD, member, pixels, slow_targets, trained_base
from tests.kit.losses import soft_cross_entropy
from tests.kit.methods import batch, made, step


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_against_loops(temperature):
    radius, steps, size = 0.08, 4, 0.3
    method = member(LTDAT, radius=radius, steps=steps, step_size=size, temperature=temperature).double()
    data = pixels()
    slow, raw = copy.deepcopy(method), data.views[0] * STD + MEAN
    targets = slow_targets(data.views[0], temperature)
    torch.manual_seed(4)
    moved = (raw + radius * (2 * torch.rand(raw.shape, dtype=torch.float64) - 1)).clamp(0, 1)
    slow.eval()
    for _ in range(steps):
        moved.requires_grad_()
        z = slow.logits(slow.encoder((moved - MEAN) / STD))
        (slope,) = torch.autograd.grad(-(targets * z.log_softmax(1)).sum(), moved)
        moved = moved.detach() + size * radius * slope.sign()
        moved = torch.minimum(torch.maximum(moved, raw - radius), raw + radius).clamp(0, 1)
    slow.train()
    want = soft_cross_entropy(slow.logits(slow.encoder((moved - MEAN) / STD)), targets)
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


def test_a_sure_teacher_that_is_right_is_adversarial_training():
    method, plain, data = member(LTDAT, temperature=1e-3).double(), made(PGDAT).double(), pixels()
    teacher = trained_base().double()
    data.labels = teacher.logits(teacher.encoder(data.views[0])).argmax(1)
    losses = []
    for one in (method, plain):
        torch.manual_seed(4)
        losses.append(one.loss(data).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_without_an_attack_it_is_distillation_at_one_temperature():
    data = pixels()
    torch.testing.assert_close(
        member(LTDAT, temperature=1.0, radius=0.0).double().loss(data), member(Distillation).double().loss(data)
    )


def test_true_labels_are_read_by_the_control_alone():
    for source, alike in (("teacher", True), ("smoothing", False)):
        losses = []
        for shift in (0, 1):
            method, data = member(LTDAT, soft_labels=source).double(), pixels()
            data.labels = (data.labels + shift) % 3
            torch.manual_seed(4)
            losses.append(method.loss(data).item())
        assert (losses[0] == losses[1]) is alike


def entropy(targets):
    return -(targets * targets.log()).sum(1).mean().item()


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_the_control_is_as_unsure_as_the_teacher(temperature):
    data = pixels()
    taught, smoothed = (
        member(LTDAT, temperature=temperature, soft_labels=source).double().targets(data)
        for source in ("teacher", "smoothing")
    )
    assert entropy(smoothed) == pytest.approx(entropy(taught), rel=1e-6)
    assert torch.equal(smoothed.argmax(1), data.labels)
    wrong = smoothed.masked_fill(F.one_hot(data.labels, 3).bool(), 0)
    assert wrong.sum(1).unique().numel() == 1 and not torch.equal(smoothed, taught)


def test_the_teacher_stays_as_it_was():
    method, teacher = member(LTDAT), trained_base()
    method.train()
    for number in range(2):
        step(method, batch(("full",), seed=number))
    assert not any(module.training for module in method.teacher.modules())
    for name, value in method.teacher.state_dict().items():
        assert torch.equal(value, teacher.state_dict()[name]), name
    assert all(p.grad is None for p in method.teacher.parameters())
