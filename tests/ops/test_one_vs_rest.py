"""One-vs-the-rest loss by loops and as one sigmoid a class; the margins of gradient flow on free logits."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.ops.one_vs_rest import one_vs_rest


def test_against_loops():
    torch.manual_seed(0)
    logits, labels = 3 * torch.randn(6, 4, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0, 1])
    want = [
        sum(math.log1p(math.exp(-v if k == y else v)) for k, v in enumerate(z))
        for z, y in zip(logits.tolist(), labels.tolist(), strict=True)
    ]
    assert one_vs_rest(logits, labels).tolist() == pytest.approx(want)
    sigmoids = F.binary_cross_entropy_with_logits(logits, F.one_hot(labels, 4).double(), reduction="none").sum(1)
    torch.testing.assert_close(one_vs_rest(logits, labels), sigmoids)


def test_large_logits_are_no_trouble():
    logits = torch.tensor([[-500.0, 500.0], [500.0, -500.0]], requires_grad=True)
    loss = one_vs_rest(logits, torch.tensor([0, 0]))
    loss.sum().backward()
    assert loss.tolist() == [1000.0, 0.0] and logits.grad.isfinite().all()


def flow(loss, until, weight=1.0):
    """The margin of two free logits of one image after gradient flow from 0, by fourth-order Runge-Kutta."""
    label, z, at, size = torch.tensor([0]), torch.zeros(1, 2, dtype=torch.float64), 0.0, 0.01

    def slope(z):
        z = z.detach().requires_grad_()
        return -weight * torch.autograd.grad(loss(z, label).sum(), z)[0]

    while at < until:
        h = min(size, until - at)
        a = slope(z)
        b = slope(z + h / 2 * a)
        c = slope(z + h / 2 * b)
        z = z + h / 6 * (a + 2 * b + 2 * c + slope(z + h * c))
        at, size = at + h, size * 1.05
    return (z[0, 0] - z[0, 1]).item()


def test_margins_of_gradient_flow():
    """dm/dt = 2 w / (1 + e^m) for cross-entropy and 2 w / (1 + e^(m/2)) here, solved: m + e^m = 1 + 2 w t and
    m + 2 e^(m/2) = 2 + 2 w t. Twice the margin in the limit, where a weight only adds a constant."""
    ratios = []
    for until in (1.0, 1e3, 1e6, 1e9):
        ce, ovr = flow(F.cross_entropy, until), flow(one_vs_rest, until)
        assert ce + math.exp(ce) == pytest.approx(1 + 2 * until, rel=1e-4)
        assert ovr + 2 * math.exp(ovr / 2) == pytest.approx(2 + 2 * until, rel=1e-4)
        ratios.append(ovr / ce)
    assert ratios == sorted(ratios) and 1.9 < ratios[-1] < 2
    assert flow(F.cross_entropy, 1e9, weight=10.0) - ce == pytest.approx(math.log(10), rel=1e-3)
