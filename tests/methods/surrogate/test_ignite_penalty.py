"""Against the penalty's gradient by double backward; without a weight it is gradient ascent; what it is for."""

import pytest
import torch

from pipeline.methods.surrogate.gradient_ascent import GradientAscent
from pipeline.methods.surrogate.ignite_penalty import IgnitePenalty
from tests.kit.surrogates import alike, batch, gradients, slope_norm, surrogate, trained


@pytest.mark.parametrize("penalty", [0.3, 2.0])
def test_its_gradient_is_that_of_loss_and_norm_where_r_is_small(penalty):
    method, given = surrogate(IgnitePenalty, penalty=penalty, rho=0.7, r=1e-7), batch()
    found = gradients(method, given)
    weights = list(method.parameters())
    predictions = method.score(given.views[0])
    slopes = torch.autograd.grad(predictions.mean(), weights, create_graph=True)
    norm = torch.stack([slope.square().sum() for slope in slopes]).sum().sqrt()
    total = (predictions - given.labels).square().mean() + penalty * 0.7 * norm
    for name, want in zip(found, torch.autograd.grad(total, weights), strict=True):
        torch.testing.assert_close(found[name], want, rtol=1e-5, atol=1e-6)


def test_the_difference_spans_r():
    """A step of r along the slope, all weights together, and back again to the last bit."""
    method, given = surrogate(IgnitePenalty, penalty=1.0, rho=0.3, r=0.5), batch()
    plain = gradients(surrogate(GradientAscent), given)
    before = [weight.detach().clone() for weight in method.parameters()]
    found = gradients(method, given)
    assert all(torch.equal(old, new) for old, new in zip(before, method.parameters(), strict=True))
    weights = list(method.parameters())
    slopes = torch.autograd.grad(method.score(given.views[0]).mean(), weights)
    norm = slope_norm(method, given.views[0])
    with torch.no_grad():
        for weight, slope in zip(weights, slopes, strict=True):
            weight += 0.5 * slope / norm
    beyond = torch.autograd.grad(method.score(given.views[0]).mean(), weights)
    for (name, old), there, here in zip(plain.items(), beyond, slopes, strict=True):
        torch.testing.assert_close(found[name], old + 0.3 / 0.5 * (there - here))


def test_without_a_weight_it_is_gradient_ascent():
    ours, plain = trained(surrogate(IgnitePenalty, penalty=0.0)), trained(surrogate(GradientAscent))
    assert alike(ours, plain)
    assert not alike(trained(surrogate(IgnitePenalty, penalty=0.5)), plain)


def test_it_makes_the_surrogate_less_sharp():
    plain = trained(surrogate(GradientAscent), 60)
    flat = trained(surrogate(IgnitePenalty, penalty=3.0), 60)
    rows = batch(seed=70).views[0]
    assert slope_norm(flat, rows) < 0.8 * slope_norm(plain, rows)
