"""The true logit lowered by the angle itself, in float64 and with gradients; nothing to lower where it fits."""

import pytest
import torch
from torch import nn

from pipeline.methods.classifier.noisy_softmax import NoisySoftmax
from tests.kit.methods import FEATURES, batch, made


def noisy(method, data, xi):
    """The mean loss by the angle itself, in float64."""
    x, weight, bias = method.encoder(data.views[0]).double(), method.head.weight.double(), method.head.bias.double()
    total = 0.0
    for row, y, draw in zip(x, data.labels.tolist(), xi.tolist(), strict=True):
        z = [weight[k] @ row + bias[k] for k in range(len(weight))]
        cosine = weight[y] @ row / (weight[y].norm() * row.norm())
        z[y] = z[y] - method.alpha * weight[y].norm() * row.norm() * (1 - cosine) * abs(draw)
        total = total - z[y] + torch.stack(z).logsumexp(0)
    return total / len(x)


def test_noisy_softmax_and_its_gradient():
    method, data = made(NoisySoftmax, alpha=0.8), batch(("full",))
    torch.manual_seed(5)
    xi = torch.randn(len(data.labels))
    torch.manual_seed(5)
    got, want = method.loss(data), noisy(method, data, xi)
    assert got.item() == pytest.approx(want.item(), rel=1e-5)
    parameters = list(method.parameters())
    grads = zip(torch.autograd.grad(got, parameters), torch.autograd.grad(want, parameters), strict=True)
    for a, b in grads:
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


def test_it_only_ever_adds_to_the_loss_and_anneals_with_the_angle():
    method, data = made(NoisySoftmax, alpha=1.0), batch(("full",))
    plain = method.objective(method.logits(method.encoder(data.views[0])), data.labels)
    losses = [method.loss(data) for _ in range(5)]
    assert all(loss > plain for loss in losses) and len({loss.item() for loss in losses}) == 5
    method.alpha = 0.0
    torch.testing.assert_close(method.loss(data), plain)
    method.alpha = 1.0
    # features that lie along their class's weight: nothing left to add
    method.encoder = nn.Flatten()
    data.views = [2 * method.head.weight.detach()[data.labels]]
    plain = method.objective(method.logits(data.views[0]), data.labels)
    torch.testing.assert_close(method.loss(data), plain)


def test_zero_features_have_a_finite_gradient():
    method, data = made(NoisySoftmax), batch(("full",))
    method.encoder = nn.Flatten()
    data.views = [torch.zeros(len(data.labels), FEATURES, requires_grad=True)]
    method.loss(data).backward()
    assert data.views[0].grad.isfinite().all() and method.head.weight.grad.isfinite().all()
