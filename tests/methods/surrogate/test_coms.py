"""The loss by loops, its multiplier against Adam, and what it teaches."""

import math

import pytest
import torch

from pipeline.methods.surrogate.coms import Coms
from pipeline.methods.surrogate.gradient_ascent import GradientAscent
from tests.kit.surrogates import batch, surrogate, trained


def climbed(method, row, steps, rate):
    """Where a design ends, by its own."""
    for _ in range(steps):
        row = row.clone().requires_grad_()
        (slope,) = torch.autograd.grad(method.score(row[None]).sum(), row)
        row = (row + rate * math.sqrt(len(row)) * slope).detach()
    return row


def test_the_loss_and_that_it_does_not_reach_through_the_climb():
    method, given = surrogate(Coms, alpha=0.7, particle_steps=3, particle_rate=0.2), batch()
    rows, count = given.views[0], len(given.labels)
    total = torch.zeros((), dtype=torch.float64)
    for row, y in zip(rows, given.labels, strict=True):
        known, beyond = method.score(row[None])[0], method.score(climbed(method, row, 3, 0.2)[None])[0]
        total = total + ((known - y) ** 2 + 0.7 * (beyond - known)) / count
    want = torch.autograd.grad(total, list(method.parameters()))
    found = method.loss(given)
    assert found.item() == pytest.approx(total.item(), rel=1e-6)
    for ours, theirs in zip(torch.autograd.grad(found, list(method.parameters())), want, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


def test_the_multiplier_is_moved_by_adam():
    method = surrogate(Coms, alpha=0.3, alpha_rate=0.02)
    log = torch.tensor(math.log(0.3), dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([log], 0.02, eps=1e-7)
    for slope in (0.4, -1.0, -0.2, 0.0, 3.0):
        method.price(slope)
        log.grad = torch.tensor(slope, dtype=torch.float64)
        adam.step()
        assert float(method.dual[0]) == pytest.approx(log.item(), rel=1e-6)


def test_the_price_rises_where_predictions_beyond_are_too_high_and_falls_where_not():
    for tau, sign in ((-100.0, 1), (100.0, -1)):
        method = trained(surrogate(Coms, tau=tau, alpha=0.5), steps=2)
        assert sign * (float(method.dual[0]) - math.log(0.5)) == pytest.approx(0.02, rel=1e-3)


def test_it_thinks_less_of_where_a_search_ends():
    plain = trained(surrogate(GradientAscent), 80)
    ours = trained(surrogate(Coms, alpha=1.0, particle_steps=5, particle_rate=0.4), 80)
    rows = batch(seed=90).views[0]

    def gained(method):
        return (method.score(method.search(rows, 5, 0.4, torch.Generator())[-1]) - method.score(rows)).mean()

    assert gained(ours) < 0.5 * gained(plain)
