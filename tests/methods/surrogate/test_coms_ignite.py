"""Gradients of both parts add up; without a price it is the conservative model."""

import torch

from pipeline.methods.surrogate.coms import Coms
from pipeline.methods.surrogate.coms_ignite import ComsIgnite
from pipeline.methods.surrogate.gradient_ascent import GradientAscent
from pipeline.methods.surrogate.ignite import Ignite
from tests.kit.surrogates import alike, batch, gradients, surrogate, trained

CLIMB = {"particle_steps": 2, "particle_rate": 0.2, "alpha": 0.6}


def test_gradients_add_up():
    given = batch()
    both, coms, ignite, plain = (
        gradients(surrogate(cls, **settings), given)
        for cls, settings in (
            (ComsIgnite, {**CLIMB, "penalty": 0.8}),
            (Coms, CLIMB),
            (Ignite, {"penalty": 0.8}),
            (GradientAscent, {}),
        )
    )
    for name in both:
        torch.testing.assert_close(both[name], coms[name] + ignite[name] - plain[name])


def test_without_a_price_it_is_conservative_alone():
    free = trained(surrogate(ComsIgnite, penalty=0.0, eta=0.0, **CLIMB))
    assert alike(free, trained(surrogate(Coms, **CLIMB)))
    assert not alike(trained(surrogate(ComsIgnite, **{**CLIMB, "penalty": 0.8})), free)
