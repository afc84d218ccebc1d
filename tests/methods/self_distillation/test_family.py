"""What holds of all self-distillation: which views are compared, whom the gradient reaches, how targets move."""

import copy
import math

import pytest
import torch

from pipeline.methods.self_distillation import MomentumTarget, SelfDistillation
from tests.kit.methods import SIZE, batch, made, members, step
from tests.kit.rules import (
    check_that_evaluation_reads_what_is_kept,
    check_that_hard_batches_are_no_trouble,
    check_the_reach_of_the_gradient,
)

every = pytest.mark.parametrize("cls", members("self_distillation"))


class Recorded(SelfDistillation):
    """Without a head; compares nothing and keeps the pairs."""

    def build(self, context):
        super().build(context)
        self.projector, self.seen = torch.nn.Identity(), []

    def compare(self, prediction, target):
        self.seen.append((prediction, target))
        return torch.tensor(float(len(self.seen)))


def test_each_view_is_compared_with_the_target_of_each_other_and_the_mean_taken():
    method, data = made(Recorded, batch_norm=False), batch(("full", "full", "full"))
    assert float(method.loss(data)) == pytest.approx((1 + 2 + 3 + 4 + 5 + 6) / 6)
    f = [method.encoder(view) for view in data.views]
    pairs = [(t, s) for s in range(3) for t in range(3) if t != s]
    for (t, s), (prediction, target) in zip(pairs, method.seen, strict=True):
        torch.testing.assert_close(prediction, f[t])
        torch.testing.assert_close(target, f[s])
        assert prediction.requires_grad and not target.requires_grad


@pytest.mark.parametrize("cls", members("self_distillation", MomentumTarget))
@pytest.mark.parametrize("progress", [0.0, 0.5, 0.8])
def test_the_target_follows_by_a_momentum_that_rises_to_one(cls, progress):
    method = made(cls, momentum=0.9)
    method.progress = progress
    before = copy.deepcopy(method.target)
    step(method, batch(method.views))
    momentum = 1 - 0.1 * (math.cos(math.pi * progress) + 1) / 2
    online = [*method.encoder.parameters(), *method.projector.parameters()]
    moved = False
    for old, new, now in zip(before.parameters(), method.target.parameters(), online, strict=True):
        torch.testing.assert_close(new, momentum * old + (1 - momentum) * now)
        moved |= not torch.equal(old, new)
    assert moved


@pytest.mark.parametrize("cls", members("self_distillation", MomentumTarget))
def test_the_target_sees_full_views_only_and_keeps_batch_statistics_of_its_own(cls):
    method = made(cls)
    data = batch(("full", "full", "small"))
    target = copy.deepcopy(method.target)
    with torch.no_grad():
        outputs = target(torch.cat(data.views[:2]))
    method.views = ("full", "full", "small")
    found = method.loss(data)
    assert found.isfinite() and len(outputs) == 2 * SIZE
    torch.testing.assert_close(method.target[0].norm.running_mean, target[0].norm.running_mean)
    assert not torch.allclose(method.target[0].norm.running_mean, method.encoder.norm.running_mean)


@every
def test_gradient_reaches_encoder_and_heads_and_no_target(cls):
    check_the_reach_of_the_gradient(made(cls), ("encoder", "projector", "predictor"))


@every
def test_evaluation_reads_what_is_kept(cls):
    check_that_evaluation_reads_what_is_kept(made(cls))


@every
def test_few_images_equal_ones_and_half_precision_are_no_trouble(cls):
    check_that_hard_batches_are_no_trouble(made(cls))
