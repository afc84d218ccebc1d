"""The loss by loops; what is differentiated; where the weight of the divergence goes; certain predictions."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.mart import MART, boosted_cross_entropy
from pipeline.ops.attacks import Nearby
from tests.kit.classifiers import MEAN, STD, pixels
from tests.kit.losses import differences
from tests.kit.methods import made, step


def softmax(z):
    total = sum(math.exp(v) for v in z)
    return [math.exp(v) / total for v in z]


def slow(z, other, y, beta):
    """Of one image's logits, as it is and under attack."""
    p, q = softmax(z), softmax(other)
    wrong = max(v for k, v in enumerate(q) if k != y)
    apart = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    return -math.log(q[y]) - math.log(1.0001 - wrong) + beta * apart * (1 - p[y])


@pytest.mark.parametrize("beta", [0.0, 5.0])
def test_against_loops(beta):
    radius, steps, size = 0.08, 3, 0.4
    method, data = made(MART, radius=radius, steps=steps, step_size=size, beta=beta).double(), pixels()
    step(method, pixels(seed=3))
    twin, raw = copy.deepcopy(method), data.views[0] * STD + MEAN
    torch.manual_seed(4)
    moved = (raw + (0.001 * torch.randn(raw.shape, dtype=torch.float64)).clamp(-radius, radius)).clamp(0, 1)
    twin.eval()
    for _ in range(steps):
        moved.requires_grad_()
        loss = F.cross_entropy(twin.logits(twin.encoder((moved - MEAN) / STD)), data.labels)
        (slope,) = torch.autograd.grad(loss, moved)
        moved = moved.detach() + size * radius * slope.sign()
        moved = torch.minimum(torch.maximum(moved, raw - radius), raw + radius).clamp(0, 1)
    twin.train()
    z, other = (twin.logits(twin.encoder(x)).tolist() for x in (data.views[0], (moved - MEAN) / STD))
    want = sum(slow(*row, beta) for row in zip(z, other, data.labels.tolist(), strict=True)) / len(z)
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)
    assert method.attack().start == Nearby(0.001)


def test_all_of_the_loss_is_differentiated(monkeypatch):
    """The weight of the divergence too: the gradient is the slope by central differences, with the images held."""
    method, data = made(MART, batch_norm=False).double(), pixels()
    images = method.attacked(lambda z: F.cross_entropy(z, data.labels, reduction="sum"), data.views[0])
    monkeypatch.setattr(method, "attacked", lambda loss, views: images)
    method.loss(data).backward()
    weight = method.head.weight
    torch.testing.assert_close(weight.grad, differences(lambda: method.loss(data), weight, 1e-6), atol=1e-6, rtol=1e-4)


def test_a_certain_image_is_not_held_to_its_clean_prediction(monkeypatch):
    """Of two images moved alike, the one that is classified surely as it is adds next to no divergence."""
    data, apart = pixels(), {}
    data.views, data.labels = [data.views[0][:1]], data.labels[:1]
    for sure in (True, False):
        method = made(MART).double()
        z = torch.tensor([[30.0 if sure else 0.0, 0.0, 0.0]], dtype=torch.float64)
        rows = iter((z, torch.zeros_like(z) + torch.tensor([-1.0, 0.0, 0.5]).double()))
        monkeypatch.setattr(method, "attacked", lambda loss, views: views)
        monkeypatch.setattr(method, "logits", lambda features, rows=rows: next(rows))
        base = boosted_cross_entropy(torch.tensor([[-1.0, 0.0, 0.5]]).double().log_softmax(1), data.labels)
        apart[sure] = (method.loss(data) - base).item()
    assert 0 <= apart[True] < 1e-10 < 0.1 < apart[False]


def test_boosted_cross_entropy_is_finite_where_a_wrong_class_is_certain():
    z = torch.tensor([[0.0, 200.0, 0.0]], requires_grad=True)
    loss = boosted_cross_entropy(z.log_softmax(1), torch.tensor([0]))
    loss.sum().backward()
    assert loss.item() == pytest.approx(200 - math.log(1e-4), rel=1e-3) and z.grad.isfinite().all()
    right = boosted_cross_entropy(torch.tensor([[200.0, 0.0, 0.0]]).log_softmax(1), torch.tensor([0]))
    assert right.item() == pytest.approx(0, abs=2e-4)
