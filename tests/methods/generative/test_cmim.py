"""MIM's bound plus the contrast of codes by slow loops, the contrast's closed forms, and MIM up to a constant."""

import math

import pytest
import torch

from pipeline.methods.generative.cmim import CMIM
from pipeline.methods.generative.mim import MIM
from tests.kit.embeddings import loop_mim
from tests.kit.methods import SIZE, batch, dot, made, pair, unit


def loop_contrast(z, temperature):
    """The sum over codes of -log p(k = 1)."""
    u, total = [unit(row) for row in z.double().tolist()], 0.0
    for i in range(len(u)):
        g = [math.exp(dot(u[i], other) / temperature) for other in u]
        others = [value for j, value in enumerate(g) if j != i]
        total -= math.log(g[i] / (g[i] + sum(others) / len(others)))
    return total


def test_cmim_equals_the_slow_loops():
    method, data = made(CMIM, batch_norm=False), batch(("full",))
    torch.manual_seed(4)
    noise = torch.randn(SIZE, 5)
    torch.manual_seed(4)
    found = method.loss(data).item()
    with torch.no_grad():
        mean, log_variance = method.code(method.encoder(data.views[0]))
        contrast = loop_contrast(mean + noise * (log_variance / 2).exp(), 0.1)
    expected = loop_mim(method, data.views[0], noise) + contrast / data.views[0].numel()
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_contrast_does_not_know_the_batch_size_and_vanishes_for_opposite_codes():
    method = CMIM()
    z = pair(6, 4)[0]
    torch.testing.assert_close(method.contrast(z.repeat(1, 2)), method.contrast(z))
    same = torch.ones(3, 4)
    torch.testing.assert_close(method.contrast(same), torch.full((3,), -math.log(2)))
    torch.testing.assert_close(method.contrast(same.repeat(5, 1))[:3], method.contrast(same))
    opposite = torch.tensor([[1.0, 0.0], [-2.0, 0.0]])
    assert float(method.contrast(opposite).abs().max()) < 1e-6


def test_at_a_high_temperature_it_is_mim_and_a_coin_for_each_image():
    losses, data = [], batch(("full",))
    for method in (made(MIM), made(CMIM, temperature=1e6)):
        torch.manual_seed(4)
        losses.append(method.loss(data).item())
    assert losses[1] - losses[0] == pytest.approx(math.log(2) / 64, rel=1e-3)
