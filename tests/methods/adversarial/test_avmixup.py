"""Mixed images and labels by loops over pixels; adversarial training as a limit; what a share of one leaves."""

import copy

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.avmixup import AVmixup
from pipeline.methods.adversarial.pgd_at import PGDAT
from tests.kit.classifiers import MEAN, STD, pixels
from tests.kit.losses import soft_cross_entropy
from tests.kit.methods import made

K = 3


def attacked(method, data):
    return method.attacked(lambda z: F.cross_entropy(z, data.labels, reduction="sum"), data.views[0])


@pytest.mark.parametrize("gamma, kept, far", [(2.0, 1.0, 0.1), (1.0, 0.9, 0.6), (3.0, 1.0, 1.0)])
def test_against_loops(gamma, kept, far):
    method = made(AVmixup, radius=0.15, gamma=gamma, kept=kept, vertex_kept=far).double()
    data = pixels()
    slow = copy.deepcopy(method)
    torch.manual_seed(4)
    worst = attacked(slow, data) * STD + MEAN
    shares = torch.rand(len(data.labels), dtype=torch.float64).tolist()
    raw, mixed, targets = data.views[0] * STD + MEAN, torch.empty_like(worst), []
    for i, (a, y) in enumerate(zip(shares, data.labels.tolist(), strict=True)):
        for place in torch.cartesian_prod(*(torch.arange(n) for n in raw[i].shape)).tolist():
            at = (i, *place)
            vertex = min(max(raw[at].item() + gamma * (worst[at].item() - raw[at].item()), 0.0), 1.0)
            mixed[at] = a * raw[at].item() + (1 - a) * vertex
        phi = [[share if k == y else (1 - share) / (K - 1) for k in range(K)] for share in (kept, far)]
        targets.append([a * own + (1 - a) * other for own, other in zip(*phi, strict=True)])
    want = soft_cross_entropy(slow.logits(slow.encoder((mixed - MEAN) / STD)), torch.tensor(targets).double())
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


def test_the_attacked_image_alone_with_its_label_is_adversarial_training(monkeypatch):
    method, plain = (made(cls, steps=4).double() for cls in (AVmixup, PGDAT))
    data = pixels()
    method.gamma, method.vertex_kept = 1.0, 1.0
    mixed = method.mixed
    monkeypatch.setattr(method, "mixed", lambda images, worst, labels, a: mixed(images, worst, labels, 0 * a))
    losses = []
    for one in (method, plain):
        torch.manual_seed(4)
        losses.append(one.loss(data).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


def test_a_share_of_one_is_the_image_as_it_is():
    method, data = made(AVmixup).double(), pixels()
    ones = torch.ones(len(data.labels), dtype=torch.float64)
    images, targets = method.mixed(data.views[0], attacked(method, data), data.labels, ones)
    torch.testing.assert_close(images, data.views[0])
    torch.testing.assert_close(targets, F.one_hot(data.labels, K).double())


def test_vertices_leave_the_ball_and_stay_in_the_range():
    method, data = made(AVmixup, radius=0.1), pixels()
    none = torch.zeros(len(data.labels), dtype=torch.float64)
    images, targets = method.mixed(data.views[0], attacked(method.double(), data), data.labels, none)
    apart = ((images - data.views[0]) * STD).abs().max().item()
    assert 0.15 < apart <= 0.2 + 1e-9
    raw = images * STD + MEAN
    assert raw.min() >= -1e-9 and raw.max() <= 1 + 1e-9
    torch.testing.assert_close(targets.sum(1), torch.ones_like(none))
    assert targets.gather(1, data.labels[:, None]).unique().tolist() == pytest.approx([0.1])


def test_every_image_has_a_share_of_its_own_and_the_ablations_change_the_loss():
    method, data, seen = made(AVmixup).double(), pixels(), []
    mixed = method.mixed
    method.mixed = lambda *given: seen.append(given[3]) or mixed(*given)
    method.loss(data)
    assert len(seen[0].unique()) == len(data.labels) and seen[0].min() >= 0 and seen[0].max() <= 1
    losses = set()
    for settings in ({}, {"gamma": 1.0}, {"vertex_kept": 1.0}):
        torch.manual_seed(4)
        losses.add(made(AVmixup, **settings).double().loss(data).item())
    assert len(losses) == 3
