"""The penalty against vanishing gradients: by loops, its gradient by differences, its limits."""

import pytest
import torch

from pipeline.methods.recurrent.rnn_clipped import RNNClipped
from pipeline.methods.recurrent.rnn_clipped_omega import RNNClippedOmega
from tests.kit.recurrent import by_hand, network, sequences


def by_loops(states, slopes, weights):
    """Omega of states and slopes that are held fixed."""
    total, share = 0.0, 0.0
    for state, slope in zip(states, slopes, strict=True):
        values = []
        for h, d in zip(state, slope, strict=True):
            length = float((d**2).sum())
            back = [float((d * (1 - h**2) * weights[:, i]).sum()) for i in range(len(weights))]
            if length >= 1e-20:
                values.append((sum(v * v for v in back) / length - 1) ** 2)
        total += sum(values) / len(state)
        share += len(values) / len(state)
    return total / share


def test_by_loops_and_its_gradient_by_differences():
    method, data = network(RNNClippedOmega, alpha=0.7), sequences()
    states, slopes = by_hand(method, data)
    weights = method.recurrent.detach().clone()
    want = by_loops(states, slopes, weights)
    found = method.omega(torch.stack(states), torch.stack(slopes))
    assert found.item() == pytest.approx(want)
    without = network(RNNClipped)
    without.backward(data)
    method.backward(data)
    extra = (method.recurrent.grad - without.recurrent.grad) / 0.7
    for i, j in ((0, 3), (7, 7), (20, 41)):
        moved = []
        for way in (1e-6, -1e-6):
            there = weights.clone()
            there[i, j] += way
            moved.append(by_loops(states, slopes, there))
        assert extra[i, j].item() == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-4, abs=1e-8)
    for (name, one), other in zip(method.named_parameters(), without.parameters(), strict=True):
        assert name.endswith("recurrent") or torch.allclose(one.grad, other.grad, rtol=1e-12)


def test_without_weight_it_is_clipping():
    method, plain = network(RNNClippedOmega, alpha=0.0), network(RNNClipped)
    for one in (method, plain):
        one.backward(sequences())
        one.after_backward(0)
    for one, other in zip(method.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_it_is_zero_where_lengths_are_kept():
    method = network(RNNClippedOmega)
    with torch.no_grad():
        method.recurrent.copy_(torch.linalg.qr(torch.randn_like(method.recurrent)).Q)
    slopes = torch.randn(5, 4, len(method.recurrent), dtype=torch.float64)
    assert method.omega(torch.zeros_like(slopes), slopes).item() == pytest.approx(0, abs=1e-20)
    assert method.omega(torch.zeros_like(slopes), 0 * slopes).item() == 0


def test_slopes_that_have_vanished_do_not_count():
    method, data = network(RNNClippedOmega), sequences()
    states, slopes = by_hand(method, data)
    slopes = [slopes[0] * 0, *slopes[1:]]
    slopes[2][1] = 1e-15
    found = method.omega(torch.stack(states), torch.stack(slopes))
    assert found.item() == pytest.approx(by_loops(states, slopes, method.recurrent.detach()))
