"""The price of sharpness by hand over steps; held fixed it is the penalty; it may fall below zero."""

import pytest
import torch

from pipeline.methods.surrogate.gradient_ascent import GradientAscent
from pipeline.methods.surrogate.ignite import Ignite
from pipeline.methods.surrogate.ignite_penalty import IgnitePenalty
from tests.kit.surrogates import alike, batch, slope_norm, surrogate, trained


def test_the_price_climbs_by_what_the_bound_is_passed():
    method = surrogate(Ignite, penalty=0.02, eta=0.4, epsilon=0.05, rho=0.1)
    optimizer, price = torch.optim.Adam(method.parameters(), 0.01), 0.02
    for number in range(4):
        given = batch(seed=number)
        norm = slope_norm(method, given.views[0])
        method.step(given, [optimizer], 0)
        price += 0.4 * (0.1 * norm - 0.05)
        assert float(method.multiplier) == pytest.approx(price, rel=1e-6)


def test_a_price_that_stays_is_a_penalty():
    fixed = trained(surrogate(IgnitePenalty, penalty=0.5, rho=0.05, r=0.05))
    assert alike(trained(surrogate(Ignite, penalty=0.5, eta=0.0)), fixed)
    assert alike(trained(surrogate(Ignite, penalty=0.0, eta=0.0)), trained(surrogate(GradientAscent)))
    assert not alike(trained(surrogate(Ignite, penalty=0.5, eta=1.0)), fixed)


def test_the_price_in_a_step_is_that_from_before_it():
    first = trained(surrogate(Ignite, penalty=0.5, eta=3.0), steps=1)
    assert alike(first, trained(surrogate(IgnitePenalty, penalty=0.5, rho=0.05, r=0.05), steps=1))


def test_within_the_bound_it_falls_and_below_zero():
    method = trained(surrogate(Ignite, penalty=0.001, eta=1.0, epsilon=9.0), steps=2)
    assert float(method.multiplier) < -10


def test_the_bound_is_come_to():
    rows = batch(seed=70).views[0]
    free = slope_norm(trained(surrogate(GradientAscent), 150), rows)
    bound = trained(surrogate(Ignite, rho=1.0, r=0.05, epsilon=0.5 * free, eta=0.3), 150)
    assert 0.2 * free < slope_norm(bound, rows) < 0.75 * free
