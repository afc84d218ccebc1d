"""An ascent as long as the gradient says: its gradient by hand, its limit, and the edge it lowers."""

import copy
import math

import pytest
import torch

from pipeline.methods.classifier.squared_error import SquaredLoss
from pipeline.methods.sharpness_aware.sam_unnormalised import SAMUnnormalised
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made, step


def test_the_gradient_is_that_at_the_displaced_weights():
    method, data = made(SAMUnnormalised, batch_norm=False, rho=0.3).double(), doubled(batch(("full",)))
    there = copy.deepcopy(method)
    slopes = torch.autograd.grad(there.loss(data), list(there.parameters()))
    with torch.no_grad():
        for parameter, slope in zip(there.parameters(), slopes, strict=True):
            parameter += 0.3 * slope
    want = torch.autograd.grad(there.loss(data), list(there.parameters()))
    assert torch.equal(method.backward(data).detach(), method.loss(data).detach())
    for parameter, slope, before in zip(method.parameters(), want, slopes, strict=True):
        torch.testing.assert_close(parameter.grad, slope)
        assert not torch.allclose(slope, before)


def test_without_a_radius_it_is_descent():
    method, plain = made(SAMUnnormalised, rho=0.0), made(SquaredLoss)
    for seed in range(2):
        for one in (method, plain):
            step(one, batch(("full",), seed=seed))
    for one, other in zip(method.parameters(), plain.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("share", "grows"), [(0.95, False), (1.05, True)])
def test_on_a_least_squares_problem_steps_grow_just_beyond_the_edge(share, grows):
    """The head alone on fixed features: a quadratic with the eigenvalues of the features' second moments."""
    method, data = made(SAMUnnormalised, rho=0.4).double().eval(), doubled(batch(("full",)))
    method.encoder.requires_grad_(False)
    with torch.no_grad():
        features = method.encoder(data.views[0])
    design = torch.cat([features, torch.ones_like(features[:, :1])], 1)
    sharpness = float(torch.linalg.eigvalsh(design.T @ design / len(design))[-1])
    rate = share * 2 / (sharpness * (1 + method.rho * sharpness))
    losses = [float(step(method, data, rate)) for _ in range(300)]
    assert (losses[-1] > 2 * losses[0]) is grows and all(map(math.isfinite, losses))
    assert rate * sharpness < 2  # gradient descent's own steps do not grow
