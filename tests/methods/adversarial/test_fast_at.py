"""One step of 1.25 radii from a uniform start, cut to the ball and to the range, by a loop over pixels."""

import copy
import itertools

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.fast_at import FastAT
from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.ops.attacks import evaluating, fgsm
from pipeline.ops.balls import Linf
from tests.kit.classifiers import doubled
from tests.kit.methods import CONTEXT, batch, made

MEAN, STD = CONTEXT.inputs.mean[0], CONTEXT.inputs.std[0]
R = 0.1


def test_against_a_loop():
    method, data = made(FastAT, radius=R).double(), doubled(batch(("full",), size=3))
    raw = (data.views[0] / 3 + 0.5).clamp(0, 1)
    data.views = [(raw - MEAN) / STD]
    slow = copy.deepcopy(method)
    torch.manual_seed(4)
    shift = R * (2 * torch.rand(raw.shape, dtype=torch.float64) - 1)
    shift = torch.maximum(torch.minimum(shift, 1 - raw), -raw).requires_grad_()
    z = slow.eval().logits(slow.encoder((raw + shift - MEAN) / STD))
    (slope,) = torch.autograd.grad(F.cross_entropy(z, data.labels), shift)
    moved = raw.clone()
    for place in itertools.product(*map(range, raw.shape)):
        step = shift[place].item() + 1.25 * R * slope[place].sign().item()
        moved[place] = min(max(raw[place].item() + min(max(step, -R), R), 0.0), 1.0)
    slow.train()
    want = F.cross_entropy(slow.logits(slow.encoder((moved - MEAN) / STD)), data.labels)
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(want.item(), rel=1e-6)


def test_it_is_adversarial_training_with_these_settings():
    data = batch(("full",))
    losses = []
    for cls, settings in ((FastAT, {}), (PGDAT, {"steps": 1, "step_size": 1.25})):
        method = made(cls, **settings)
        torch.manual_seed(4)
        losses.append(method.loss(data).item())
    assert losses[0] == losses[1]


def test_without_a_random_start_it_trains_on_the_fast_gradient_sign_method():
    method, data = made(FastAT, random_start=False, radius=R), batch(("full",))
    ours = copy.deepcopy(method)
    with evaluating(ours):
        moved = fgsm(Linf(R))(
            lambda x: F.cross_entropy(ours.logits(ours.encoder(x)), data.labels, reduction="sum"),
            data.views[0],
            CONTEXT.inputs,
        )
    want = F.cross_entropy(ours.logits(ours.encoder(moved)), data.labels)
    assert method.loss(data).item() == pytest.approx(want.item(), rel=1e-6)


def test_the_ball_may_be_euclidean():
    method, data = made(PGDAT, norm="l2", radius=0.7), batch(("full",))
    moved = method.attacked(lambda z: F.cross_entropy(z, data.labels, reduction="sum"), data.views[0])
    lengths = ((moved - data.views[0]) * STD).flatten(1).norm(dim=1)
    assert (lengths <= 0.7 + 1e-5).all() and lengths.max() > 0.5
