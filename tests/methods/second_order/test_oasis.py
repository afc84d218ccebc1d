"""The formula step by step with exact second derivatives, its two ablations, and its limit without scaling."""

import copy

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.second_order.oasis import Oasis
from tests.kit.classifiers import doubled
from tests.kit.methods import batch
from tests.methods.second_order.test_egn import RATE, doubly, entries, stepped


def slopes(method, data):
    return entries(torch.autograd.grad(method.loss(data), list(method.parameters())))


def moved_to(method, weights):
    other = copy.deepcopy(method)
    with torch.no_grad():
        torch.nn.utils.vector_to_parameters(weights.clone(), list(other.parameters()))
    return other


def hessian(method, data):
    """By central differences of the gradient."""
    here, rows = entries(method.parameters()), []
    for place in range(len(here)):
        nudge = torch.zeros_like(here)
        nudge[place] = 1e-5
        up, down = (slopes(moved_to(method, here + sign * nudge), data) for sign in (1, -1))
        rows.append((up - down) / 2e-5)
    return torch.stack(rows)


def test_four_steps_against_the_formula():
    method = doubly(Oasis, probes=3, decay=0.8, alpha=0.05)
    slow = doubly(CrossEntropy)
    eta, growth, average, before = RATE, float("inf"), None, None
    for number in range(4):
        data = doubled(batch(("full",), size=6, seed=number))
        here, gradient, curvature = entries(slow.parameters()), slopes(slow, data), hessian(slow, data)
        torch.manual_seed(number)
        drawn = [2.0 * torch.randint(0, 2, here.shape) - 1 for _ in range(3 if number == 0 else 1)]
        new = sum(z.double() * (curvature @ z.double()) for z in drawn) / len(drawn)
        average = new if number == 0 else 0.8 * average + 0.2 * new
        scale = average.abs().clamp_min(0.05)
        if number:
            turned = gradient - slopes(moved_to(slow, before), data)
            step = here - before
            longest = ((scale * step**2).sum() / (turned**2 / scale).sum()).sqrt() / 2
            found = min((1 + growth) ** 0.5 * eta, float(longest))
            eta, growth = found, found / eta
        before = here
        slow = moved_to(slow, here - eta * gradient / scale)
        torch.manual_seed(number)
        stepped(method, data)
        torch.testing.assert_close(entries(method.parameters()), entries(slow.parameters()), rtol=1e-5, atol=1e-6)
        assert method.rate.item() == pytest.approx(eta, rel=1e-4)


def test_without_scale_it_is_adaptive_gradient_descent():
    method, slow = doubly(Oasis, scaled=False, start=0.5), doubly(CrossEntropy)
    eta, growth, before = 0.5 * RATE, float("inf"), None
    for number in range(4):
        data = doubled(batch(("full",), seed=number))
        here, gradient = entries(slow.parameters()), slopes(slow, data)
        if number:
            turned = gradient - slopes(moved_to(slow, before), data)
            found = min((1 + growth) ** 0.5 * eta, float((here - before).norm() / (2 * turned.norm())))
            eta, growth = found, found / eta
        before, slow = here, moved_to(slow, here - eta * gradient)
        stepped(method, data)
        torch.testing.assert_close(entries(method.parameters()), entries(slow.parameters()))


def test_with_neither_it_is_gradient_descent():
    method, slow = doubly(Oasis, scaled=False, adaptive_rate=False), doubly(CrossEntropy)
    for number in range(3):
        data = doubled(batch(("full",), seed=number))
        slow = moved_to(slow, entries(slow.parameters()) - RATE * slopes(slow, data))
        stepped(method, data)
    torch.testing.assert_close(entries(method.parameters()), entries(slow.parameters()))


def test_from_a_short_start_the_rate_grows_by_orders_of_magnitude():
    data, method = doubled(batch(("full",))), doubly(Oasis, start=1e-4)
    for _ in range(30):
        stepped(method, data)
    assert method.rate.item() > 100 * 1e-4 * RATE
