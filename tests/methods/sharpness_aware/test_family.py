"""Sharpness-aware steps of a quadratic in closed form; that both passes are of one function; radius 0 is the method."""

import copy

import pytest
import torch
from torch import nn

from pipeline.contract import Batch, Method
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.sharpness_aware import SharpnessAware
from pipeline.planning import code
from tests.kit.classifiers import FIVE, check_kept_state, displaced, five_classes
from tests.kit.methods import CONTEXT, batch, made, members, step

FAMILY = [
    cls
    for cls in members("sharpness_aware", SharpnessAware)
    if all(getattr(cls, seam) is getattr(SharpnessAware, seam) for seam in ("climb", "ascend", "radius", "backward"))
]
"""Those that climb as the mixin does."""


class Quadratic(Method):
    """w' A w / 2, whose gradient is A w everywhere; `spare` is never reached, `frozen` may not be."""

    def build(self, context):
        self.w = nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
        self.a = torch.tensor([[2.0, 0.3, 0.0], [0.3, 1.0, 0.1], [0.0, 0.1, 3.0]], dtype=torch.float64)
        self.spare = nn.Parameter(torch.ones(2))
        self.frozen = nn.Parameter(torch.ones(3, dtype=torch.float64), requires_grad=False)
        self.register_buffer("steps", torch.tensor(0.0, dtype=torch.float64))
        self.seen = []

    def loss(self, batch):
        draw = torch.randn(3, dtype=torch.float64)
        self.seen.append((draw, self.steps.item()))
        self.steps += 1
        return (self.w * self.frozen) @ self.a @ self.w / 2


class SharpQuadratic(SharpnessAware, Quadratic):
    pass


class Failing(SharpQuadratic):
    def loss(self, batch):
        if self.seen:
            raise RuntimeError("second pass")
        return super().loss(batch)


def quadratic(cls=SharpQuadratic, **settings):
    method = cls(**settings)
    method.build(CONTEXT)
    return method, Batch([], torch.zeros(1), torch.zeros(1, dtype=torch.int64))


@pytest.mark.parametrize("rho", [0.1, 2.0])
def test_quadratic_in_closed_form(rho):
    method, data = quadratic(rho=rho)
    w, a = method.w.detach().clone(), method.a
    loss = method.backward(data)
    assert loss.item() == pytest.approx((w @ a @ w / 2).item())
    torch.testing.assert_close(method.w.grad, a @ (w + rho * a @ w / (a @ w).norm()))
    assert torch.equal(method.w, w)
    assert method.spare.grad is None and method.frozen.grad is None


def test_both_passes_are_of_one_function():
    """The same draws and the same state for both; afterwards all is as if there had been one pass."""
    method, data = quadratic()
    torch.manual_seed(6)
    torch.randn(3, dtype=torch.float64)
    following = torch.randn(3, dtype=torch.float64)
    torch.manual_seed(6)
    for turn in range(2):
        method.backward(data)
        (first, count), (second, again) = method.seen[-2:]
        assert torch.equal(first, second) and count == again == turn
        assert method.steps == turn + 1
    assert torch.equal(method.seen[-1][0], following)


def test_no_gradient_means_no_move():
    method, data = quadratic(rho=1.0)
    with torch.no_grad():
        method.w.zero_()
    method.backward(data)
    assert torch.equal(method.w.grad, torch.zeros(3, dtype=torch.float64))


def test_weights_come_back_when_the_second_pass_fails():
    method, data = quadratic(Failing, rho=1.0)
    w = method.w.detach().clone()
    with pytest.raises(RuntimeError, match="second pass"):
        method.backward(data)
    assert torch.equal(method.w, w)


def test_an_ascent_of_a_members_own():
    """The seams: another radius, another direction, something else to climb."""

    class Signs(SharpQuadratic):
        def radius(self):
            return self.rho * self.progress

        def climb(self, batch):
            loss = super().climb(batch)
            self.w.grad *= torch.tensor([0.0, 1.0, 1.0])
            return loss

        def ascend(self, gradients, radius):
            return [radius * gradient.sign() for gradient in gradients]

    method, data = quadratic(Signs, rho=1.0)
    method.progress = 0.5
    w, a = method.w.detach().clone(), method.a
    method.backward(data)
    torch.testing.assert_close(method.w.grad, a @ (w + 0.5 * (a @ w).sign() * torch.tensor([0.0, 1.0, 1.0])))


def test_any_method_can_be_sharpness_aware():
    class Sharp(SharpnessAware, SimCLR):
        pass

    method, flat = made(Sharp, rho=0.3), made(SimCLR)
    losses = [each.backward(batch()) for each in (method, flat)]
    torch.testing.assert_close(*losses)
    pairs = list(zip(method.parameters(), flat.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert any(not torch.allclose(a.grad, b.grad) for a, b in pairs)


@pytest.mark.parametrize("cls", FAMILY)
@pytest.mark.parametrize("rho", [0.05, 0.8])
def test_the_gradient_is_the_one_at_the_worst_point(cls, rho):
    """To which the weights are moved and from which they come back; with batch normalisation, in float32."""
    method, data = made(cls, context=FIVE, rho=rho), five_classes()
    method.progress = 0.9
    before, worst = copy.deepcopy(method), displaced(method, data)
    loss, above = copy.deepcopy(method).loss(data), worst.loss(data)
    torch.testing.assert_close(method.backward(data), loss)
    assert above > loss
    want = torch.autograd.grad(above, list(worst.parameters()))
    for now, then, slope in zip(method.parameters(), before.parameters(), want, strict=True):
        assert torch.equal(now, then)
        torch.testing.assert_close(now.grad, slope, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("cls", FAMILY)
def test_radius_zero_is_the_method_itself_in_one_pass(cls):
    (flat,) = (base for base in cls.__bases__ if base is not SharpnessAware)
    method, other, calls = made(cls, context=FIVE, rho=0.0), made(flat, context=FIVE), []
    method.encoder.register_forward_hook(lambda *_: calls.append(1))
    drawn, lost = [], []
    for each in (method, other):
        torch.manual_seed(5)
        lost.append(each.backward(five_classes()))
        drawn.append(torch.rand(1))
    assert len(calls) == 1 and torch.equal(*lost) and torch.equal(*drawn)
    for a, b in zip(method.parameters(), other.parameters(), strict=True):
        assert torch.equal(a.grad, b.grad)
    assert all(torch.equal(a, b) for a, b in zip(method.buffers(), other.buffers(), strict=True))


@pytest.mark.parametrize("cls", FAMILY)
def test_running_statistics_are_those_of_the_first_pass(cls):
    method, once = made(cls, context=FIVE), made(cls, context=FIVE)
    once.loss(five_classes())
    method.backward(five_classes())
    assert method.encoder.norm.num_batches_tracked == 1
    for name, buffer in method.named_buffers():
        assert torch.equal(buffer, once.get_buffer(name)), name


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept(cls):
    method, data = made(cls, context=FIVE), five_classes()
    for _ in range(2):
        step(method, data)
    check_kept_state(method, made(cls, context=FIVE, seed=9), data.views[0])


def test_the_plan_reads_the_settings_of_both_sides():
    settings = {key: code.method(key).resolve({}, "test") for key in ("sam", "sam_vs", "sam_ldam_drw")}
    assert settings["sam"] == {"rho": 0.05}
    assert settings["sam_vs"] == {"gamma": 0.3, "tau": 1.0, "rho": 0.5}
    assert settings["sam_ldam_drw"] == {"margin": 0.5, "scale": 30.0, "beta": 0.9999, "deferred": 0.8, "rho": 0.8}
