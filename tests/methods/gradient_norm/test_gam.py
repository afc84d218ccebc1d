"""Gradients of gradients' lengths by differences of gradients; limits; running statistics are those of the weights."""

import math

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.gradient_norm.gam import GAM
from pipeline.methods.gradient_norm.gradient_penalty import GradientPenalty
from tests.kit.methods import batch, dot, made
from tests.kit.slopes import close, gradient, plus, smooth, stepped, times


def bend_by_differences(method, data, at=None, step=1e-5):
    """grad |grad L| = H g / |g| from gradients before and behind along g."""
    here = times(0.0, gradient(method, data)) if at is None else at
    slope = gradient(method, data, here)
    unit = times(1 / math.sqrt(dot(slope, slope)), slope)
    ahead, behind = (gradient(method, data, plus(here, times(sign * step, unit))) for sign in (1, -1))
    return times(1 / (2 * step), plus(ahead, times(-1, behind)))


def test_the_step_without_second_derivatives():
    method, data = smooth(GAM, rho=0.3, alpha=0.8)
    bend = bend_by_differences(method, data)
    top = times(0.3 / math.sqrt(dot(bend, bend)), bend)
    wanted = plus(gradient(method, data), times(0.8 * 0.3, bend_by_differences(method, data, top)))
    close(stepped(method, data), wanted, rtol=1e-4, atol=1e-6)


def test_alpha_zero_is_cross_entropy():
    method, data = smooth(GAM, alpha=0.0)
    close(stepped(method, data), gradient(method, data))


def test_a_small_radius_is_a_penalty_on_the_gradient():
    rho = 1e-4
    (method, data), (other, _) = smooth(GAM, rho=rho), smooth(GradientPenalty, strength=rho)
    plain = gradient(method, data)
    own, penalty = (times(1 / rho, plus(stepped(each, data), times(-1, plain))) for each in (method, other))
    close(own, penalty, rtol=1e-2, atol=1e-2)


def test_what_is_kept_is_as_after_one_pass():
    method, once = made(GAM), made(CrossEntropy)
    before = [weight.clone() for weight in method.parameters()]
    torch.testing.assert_close(method.backward(batch(("full",))), once.loss(batch(("full",))).detach())
    assert all(torch.equal(a, b) for a, b in zip(method.buffers(), once.buffers(), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(method.parameters(), before, strict=True))
