"""The loss with learned temperatures against slow loops over visits, DCL's gradient, and the slope of a temperature."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.dcl import DCL
from pipeline.methods.joint_embedding.isogclr import ISogCLR
from tests.kit.embeddings import anchors
from tests.kit.methods import CONTEXT, SIZE, batch, dot, made, step


def cosines(method, data):
    """Per anchor its cosine with the positive and those with its negatives, as the embeddings have them, in float64."""
    with torch.no_grad():
        return [(dot(a, p), [dot(a, n) for n in others]) for a, p, others in anchors(method.embed(data.views))]


def test_isogclr_equals_the_slow_loops_over_three_visits():
    method, data = made(ISogCLR, batch_norm=False, gamma=0.6, temperature_rate=0.05, temperature_momentum=0.7), batch()
    average, momentum, tau = [0.0] * SIZE, [0.0] * SIZE, [0.1] * SIZE
    for visit in range(3):
        loss, seen, slopes = 0.0, [0.0] * SIZE, [0.0] * SIZE
        for anchor, (positive, others) in enumerate(cosines(method, data)):
            i = anchor % SIZE
            scaled = [math.exp(s / tau[i]) for s in others]
            now = sum(scaled) / len(scaled)
            estimate = now if visit == 0 else 0.4 * average[i] + 0.6 * now
            weighted = sum(w * s for w, s in zip(scaled, others, strict=True)) / len(scaled) / estimate
            loss += (weighted - positive) / (2 * SIZE)
            seen[i] += estimate / 2
            slopes[i] += (math.log(estimate) + 0.4 - weighted / tau[i]) / 2
        average = seen
        momentum = [0.3 * m + 0.7 * max(-3, min(3, s)) for m, s in zip(momentum, slopes, strict=True)]
        tau = [max(0.05, min(1.0, t - 0.05 * m)) for t, m in zip(tau, momentum, strict=True)]
        assert float(step(method, data, learning_rate=0.01)) == pytest.approx(loss, rel=1e-4)
        torch.testing.assert_close(method.averages[:SIZE], torch.tensor(average), rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(method.temperatures[:SIZE], torch.tensor(tau), rtol=1e-3, atol=1e-6)
    assert (method.temperatures[SIZE:] == 0.1).all()
    assert (method.averages[SIZE:] == 0).all()
    assert len(set(method.temperatures[:SIZE].tolist())) == SIZE, "each image has its own"


def test_isogclr_of_a_fixed_temperature_and_no_memory_has_the_gradient_of_dcl():
    method, data = made(ISogCLR, gamma=1.0, temperature_rate=0.0, temperature=0.2), batch()
    for _ in range(2):
        found = torch.autograd.grad(method.loss(data), list(method.projector.parameters()))
        with torch.no_grad():
            method.after_step()
    assert (method.temperatures == 0.2).all()
    loss = 0.2 * DCL(temperature=0.2).objective(*method.embed(data.views))
    expected = torch.autograd.grad(loss, list(method.projector.parameters()))
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-3)


def test_isogclr_descends_the_robust_loss_in_the_temperature():
    method, data = made(ISogCLR, batch_norm=False, temperature_rate=1e-3, temperature_momentum=1.0), batch()
    tau = torch.full((SIZE,), 0.1, dtype=torch.float64, requires_grad=True)
    loss = torch.zeros((), dtype=torch.float64)
    for anchor, (positive, others) in enumerate(cosines(method, data)):
        t = tau[anchor % SIZE]
        apart = torch.tensor(others, dtype=torch.float64) - positive
        loss = loss + t * ((apart / t).exp().mean().log() + 0.4) / 2
    (slope,) = torch.autograd.grad(loss, tau)
    step(method, data)
    moved = (0.1 - method.temperatures[:SIZE].double()) / 1e-3
    torch.testing.assert_close(moved, slope, atol=1e-3, rtol=1e-3)


def test_isogclr_of_few_lookalikes_goes_to_a_lower_temperature():
    # the slope is rho less the divergence of the weights from uniform ones: many near negatives, much divergence
    method = made(ISogCLR, temperature_momentum=1.0)
    data = batch()
    method.embed = lambda views: [z, z + 0.01 * torch.randn(SIZE, 6)]
    torch.manual_seed(0)
    z = torch.eye(6).repeat(2, 1) + 0.01 * torch.randn(SIZE, 6)
    z[0] = -torch.ones(6)
    with torch.no_grad():
        method.loss(data)
        method.after_step()
    alone, crowd = float(method.temperatures[0]), method.temperatures[1:SIZE]
    assert alone < float(crowd[crowd != crowd[5]].min())


def test_isogclr_has_room_for_every_training_image():
    assert made(ISogCLR).temperatures.shape == (CONTEXT.train_examples,)


def test_a_common_order_of_images_and_indices_is_irrelevant():
    method, data = made(ISogCLR), batch()
    order = torch.randperm(SIZE, generator=torch.Generator().manual_seed(2))
    step(method, data)
    first = method.loss(data).item()
    data.views, data.indices = [view[order] for view in data.views], data.indices[order]
    assert method.loss(data).item() == pytest.approx(first, rel=1e-5)
