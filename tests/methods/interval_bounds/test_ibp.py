"""The loss by loops, its ramp, its limits; certificates: sound, the largest there are, in float64."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.interval_bounds.ibp import IBP
from pipeline.methods.interval_bounds.pgd_ibp import PGDIBP
from pipeline.ops.attacks import PGD, Ascent
from pipeline.ops.balls import Linf
from tests.kit.certified import SmallPlain, built, certified, pixels
from tests.kit.classifiers import STD
from tests.kit.losses import log_softmax
from tests.kit.methods import CONTEXT, step


def doubled(seed=2):
    data = pixels(seed)
    return dataclasses.replace(data, views=[data.views[0].double()])


def slow_bounds(method, view, radius):
    """Bounds of the features of one image, number by number."""
    raw = view * STD + 0.5
    low = ((raw - radius).clamp(0, 1) - 0.5) / STD
    high = ((raw + radius).clamp(0, 1) - 0.5) / STD
    conv, dense = method.encoder.blocks[0][0], method.encoder.blocks[1][1]
    one, two = [], []
    for channel in range(3):
        for i in range(3):
            for j in range(3):
                least = most = conv.bias[channel].item()
                for p in range(4):
                    for q in range(4):
                        w = conv.weight[channel, 0, p, q].item()
                        a, b = (x[0, 2 * i + p, 2 * j + q].item() for x in (low, high))
                        least += min(w * a, w * b)
                        most += max(w * a, w * b)
                one.append(max(least, 0.0))
                two.append(max(most, 0.0))
    below, above = [], []
    for unit in range(7):
        ways = [(w * a, w * b) for w, a, b in zip(dense.weight[unit].tolist(), one, two, strict=True)]
        below.append(max(0.0, dense.bias[unit].item() + sum(map(min, ways))))
        above.append(max(0.0, dense.bias[unit].item() + sum(map(max, ways))))
    return below, above


@pytest.mark.parametrize("fold", [True, False])
def test_against_loops(fold):
    method, data = built(IBP, SmallPlain, radius=0.1, warmup=0.1, ramp=0.4, fold=fold).double(), doubled()
    method.progress = 0.4  # three quarters of the ramp
    radius, kappa, total = 0.75 * 1.1 * 0.1, 1 - 0.5 * 0.75, 0.0
    w, b = method.head.weight.tolist(), method.head.bias.tolist()
    for view, y in zip(data.views[0][:3], data.labels[:3].tolist(), strict=True):
        with torch.no_grad():
            blocks = method.encoder.blocks[1](method.encoder.blocks[0](view[None]))
            z = method.head(blocks)[0].tolist()
        below, above = slow_bounds(method, view, radius)
        worst = []
        for j in range(3):
            if fold or j == y:
                slopes = [p - q for p, q in zip(w[j], w[y], strict=True)]
                worst.append(b[j] - b[y] + sum(max(s * lo, s * hi) for s, lo, hi in zip(slopes, below, above,
                                                                                        strict=True)))  # fmt: skip
            else:
                high = b[j] + sum(max(s * lo, s * hi) for s, lo, hi in zip(w[j], below, above, strict=True))
                low = b[y] + sum(min(s * lo, s * hi) for s, lo, hi in zip(w[y], below, above, strict=True))
                worst.append(high - low)
        total -= kappa * log_softmax(z)[y] + (1 - kappa) * log_softmax(worst)[y]
    few = dataclasses.replace(data, views=[data.views[0][:3]], labels=data.labels[:3])
    assert method.loss(few).item() == pytest.approx(total / 3, rel=1e-5)


def test_ramp():
    method = IBP(warmup=0.1, ramp=0.4)
    found = []
    for progress in (0.0, 0.1, 0.3, 0.5, 0.9):
        method.progress = progress
        found.append(method.ramped)
    assert found == pytest.approx([0, 0, 0.5, 1, 1])
    assert IBP(warmup=0.0, ramp=0.0).ramped == 1 and IBP(warmup=0.0, ramp=0.5).ramped == 0


def test_limits():
    """Cross-entropy while warming up, and with a radius of 0 at any kappa; the bound is above the loss it bounds."""
    data = doubled()
    for settings, progress in (({}, 0.0), ({"radius": 0.0}, 0.9), ({"kappa": 1.0}, 0.9)):
        method = built(IBP, SmallPlain, **settings).double()
        method.progress = progress
        plain = F.cross_entropy(method.logits(method.encoder(data.views[0])), data.labels)
        torch.testing.assert_close(method.loss(data), plain.to(method.loss(data)), rtol=1e-5, atol=1e-6)
    losses = {}
    for fold in (True, False):
        method = built(IBP, SmallPlain, fold=fold).double()
        method.progress = 0.9
        losses[fold] = method.loss(data).item()
    assert plain.item() < losses[True] < losses[False]


def trained(cls=IBP, **settings):
    method = built(cls, SmallPlain, **{"radius": 0.02, **settings})
    method.progress = 0.9
    for number in range(40):
        step(method, pixels(seed=number % 3), learning_rate=0.2)
    return method


@pytest.mark.parametrize("cls", [IBP, PGDIBP])
@pytest.mark.parametrize("fold", [True, False])
def test_certificates_are_the_largest_and_hold(cls, fold):
    method, views = trained(cls, fold=fold), pixels(seed=7, size=30).views[0]
    found = certified(method, views)
    assert torch.equal(found.answers, method.logits(method.encoder(views)).argmax(1))
    exact = method.double()
    for share, holds in ((0.999, True), (1.001, False)):
        worst = exact.worst(views.double(), found.answers, share * found.radii.view(-1, 1, 1, 1))
        ahead = worst.scatter(1, found.answers[:, None], -math.inf).amax(1) < 0
        assert ahead[(found.radii > 1e-3) & (found.radii < 0.9)].eq(holds).all()
    method.float()
    reach = found.radii.float().view(-1, 1, 1, 1)
    attack = Ascent(PGD(Linf(0.999 * reach), 20, 0.2 * reach))
    draws = torch.Generator().manual_seed(1)
    moved = attack(lambda x: method.logits(method.encoder(x)), views, found.answers, CONTEXT.inputs, draws)
    assert torch.equal(method.logits(method.encoder(moved)).argmax(1), found.answers)


def test_folding_certifies_more():
    method, views = trained(), pixels(seed=7, size=30).views[0]
    radii = []
    for method.fold in (True, False):
        radii.append(certified(method, views).radii)
    assert (radii[0] >= radii[1]).all() and (radii[0] > radii[1] + 1e-4).any()


def test_boxes_stay_within_the_range():
    method, views = built(IBP, SmallPlain), pixels().views[0]
    low, high = method.box(views, 0.3)
    raw = views * STD + 0.5
    torch.testing.assert_close(low * STD + 0.5, (raw - 0.3).clamp(0, 1))
    torch.testing.assert_close(high * STD + 0.5, (raw + 0.3).clamp(0, 1))
    assert (low <= views).all() and (high >= views).all()
