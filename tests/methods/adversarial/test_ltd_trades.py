"""The two terms by loops; a sure teacher that is right makes it TRADES; the attack does not see the teacher."""

import math

import pytest
import torch

from pipeline.methods.adversarial.ltd_trades import LTDTRADES
from pipeline.methods.adversarial.trades import TRADES, divergence
from pipeline.methods.classifier.distillation import Distillation
from pipeline.ops.attacks import Nearby
from tests.kit.classifiers import member, pixels, slow_targets, trained_base
from tests.kit.losses import log_softmax, soft_cross_entropy
from tests.kit.methods import made


@pytest.mark.parametrize("beta", [1.0, 6.0])
def test_against_loops(beta):
    method, twin = (member(LTDTRADES, beta=beta).double() for _ in range(2))
    data = pixels()
    assert method.attack().start == Nearby(0.001)
    torch.manual_seed(4)
    with torch.no_grad():
        clean = twin.eval().logits(twin.encoder(data.views[0])).log_softmax(1)
    moved = twin.attacked(lambda z: divergence(clean, z.log_softmax(1)), data.views[0])
    twin.train()
    z, others = (twin.logits(twin.encoder(x)).detach() for x in (data.views[0], moved))
    apart = [
        sum(math.exp(p) * (p - q) for p, q in zip(log_softmax(a), log_softmax(b), strict=True))
        for a, b in zip(z.tolist(), others.tolist(), strict=True)
    ]
    want = soft_cross_entropy(z, slow_targets(data.views[0], 2.0)) + beta * sum(apart) / len(apart)
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


def test_a_sure_teacher_that_is_right_is_trades():
    data, teacher, losses = pixels(), trained_base().double(), []
    data.labels = teacher.logits(teacher.encoder(data.views[0])).argmax(1)
    for method in (member(LTDTRADES, temperature=1e-3).double(), made(TRADES).double()):
        torch.manual_seed(4)
        losses.append(method.loss(data).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_without_the_second_term_it_is_distillation():
    data = pixels()
    torch.testing.assert_close(
        member(LTDTRADES, temperature=1.0, beta=0.0).double().loss(data), member(Distillation).double().loss(data)
    )


def test_the_temperature_changes_the_outcome():
    losses = set()
    for temperature in (1.0, 2.0):
        torch.manual_seed(4)
        losses.add(member(LTDTRADES, temperature=temperature).double().loss(pixels()).item())
    assert len(losses) == 2
