"""Votes under noise, their bound and their radius, by loops over images and draws in float64."""

import dataclasses

import pytest
import scipy.stats
import torch
import torch.nn.functional as F

from pipeline.contract import Inputs
from pipeline.methods.certified import ABSTAINED, Sampling
from pipeline.methods.smoothing.rs_gaussian import RSGaussian
from tests.kit.methods import CONTEXT, SIDE, batch, made, trained

SAMPLING = Sampling(samples=300, selection=20, error=0.01, votes=50)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def method():
    return trained(made(RSGaussian, sigma=0.2))


def test_certificates_by_loops(method):
    views = batch(("full",), size=5).views[0]
    found = method.certify(views, CONTEXT.inputs, SAMPLING, generator())
    draws = generator()

    def count(number):
        """AT_ONCE holds them all, draw by draw and image by image."""
        noise = torch.randn(number * 5, 1, SIDE, SIDE, generator=draws).view(number, 5, 1, SIDE, SIDE)
        cast = [[0] * 3 for _ in range(5)]
        for one in noise:
            for image in range(5):
                z = method.logits(method.encoder((views[image] + 0.2 / 0.25 * one[image])[None]))
                cast[image][int(z.argmax())] += 1
        return cast

    selected, votes = count(20), count(300)
    for image in range(5):
        c = max(range(3), key=lambda k: selected[image][k])
        k = votes[image][c]
        p = scipy.stats.beta.ppf(0.01, k, 300 - k + 1) if k else 0.0
        if p > 0.5:
            assert found.answers[image] == c
            assert found.radii[image].item() == pytest.approx(0.2 * scipy.stats.norm.ppf(p), rel=1e-9)
        else:
            assert found.answers[image] == ABSTAINED and found.radii[image] == 0
        assert found.spread[image].item() == pytest.approx((k / 300 * (1 - k / 300)) ** 0.5)


def test_of_a_linear_network_the_radius_nears_the_true_distance():
    """sign(w x + b) under noise has the share Phi((w x + b) / (sigma |w|)) for its class."""
    method = made(RSGaussian, sigma=0.5).eval()
    w = torch.randn(64, generator=generator(1))
    method.encoder, method.head = torch.nn.Flatten(), torch.nn.Linear(64, 2)
    with torch.no_grad():
        method.head.weight.copy_(torch.stack([w, -w]))
        method.head.bias.zero_()
    views = 0.5 * torch.randn(6, 1, 8, 8, generator=generator(2))
    true = 0.25 * (views.flatten(1) @ w).abs() / w.norm()  # views are raw values divided by 0.25
    found = method.certify(views, CONTEXT.inputs, Sampling(20_000, 100, 0.001), generator())
    held = found.radii.float()
    near = (true > 0.05) & (true < 1.0)
    assert near.any() and (held <= true + 1e-6).all()
    torch.testing.assert_close(held[near], true[near], atol=0.05, rtol=0.0)


def test_a_radius_has_an_end():
    method = made(RSGaussian, sigma=0.25).eval()
    with torch.no_grad():
        method.head.weight.zero_()
        method.head.bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    found = method.certify(batch(("full",)).views[0], CONTEXT.inputs, Sampling(1000, 10, 0.001), generator())
    assert (found.answers == 1).all()
    end = 0.25 * scipy.stats.norm.ppf(0.001 ** (1 / 1000))
    torch.testing.assert_close(found.radii, torch.full((12,), end, dtype=torch.float64))


def test_chunks_of_draws_are_draws(method, monkeypatch):
    views = batch(("full",), size=4).views[0]
    whole = method.votes(views, 50, generator())
    monkeypatch.setattr("pipeline.methods.smoothing.AT_ONCE", 12)
    assert torch.equal(method.votes(views, 50, generator()), whole)
    assert (whole.sum(2) == 50).all()


def test_training_noise_is_of_raw_units_and_is_not_cut():
    inputs = Inputs(shape=(1, SIDE, SIDE), view_shape=(1, SIDE, SIDE), mean=(0.2,), std=(0.5,), bounds=(0.0, 1.0))
    method = made(RSGaussian, context=dataclasses.replace(CONTEXT, inputs=inputs), sigma=0.3)
    raw = torch.zeros(2000, 1, SIDE, SIDE)
    noise = method.noisy((raw - 0.2) / 0.5) * 0.5 + 0.2
    assert noise.std().item() == pytest.approx(0.3, rel=0.01) and noise.min() < -1


def test_the_loss_is_cross_entropy_on_noisy_images():
    method, data = made(RSGaussian, sigma=0.2), batch(("full",))
    torch.manual_seed(7)
    loss = method.loss(data)
    torch.manual_seed(7)
    noisy = data.views[0] + 0.2 / 0.25 * torch.randn(data.views[0].shape)
    torch.testing.assert_close(loss, F.cross_entropy(method.head(method.encoder(noisy)), data.labels))


def test_scores_are_greatest_for_the_answer_and_have_a_slope_where_the_network_is_sure(method):
    with torch.no_grad():
        method.head.weight.mul_(300)
    views = batch(("full",), size=6).views[0].requires_grad_()
    scores = method.scores(views, CONTEXT.inputs, generator())
    ends = scores.topk(2).values
    (slope,) = torch.autograd.grad((ends[:, 0] - ends[:, 1]).sum(), views)
    assert (slope.flatten(1).norm(dim=1) > 0).all()
    sure = method.votes(views.detach(), 200, generator()).sum(1) > 190
    assert (scores.argmax(1)[sure.any(1)] == sure[sure.any(1)].int().argmax(1)).all()


def test_answers_abstain_where_a_test_does(method):
    views = batch(("full",), size=12).views[0]
    found = method.answers(views, CONTEXT.inputs, SAMPLING, generator())
    votes = method.votes(views, 50, generator())[:, 0]
    for image in range(12):
        (first, c), (second, _) = sorted(((int(v), k) for k, v in enumerate(votes[image])), reverse=True)[:2]
        sure = scipy.stats.binomtest(first, first + second, 0.5).pvalue <= 0.01
        assert found[image] == (c if sure else ABSTAINED)


def test_its_module_states_the_ends_of_radii():
    for samples, end in ((1000, 2.46), (100_000, 3.81)):
        assert scipy.stats.norm.ppf(0.001 ** (1 / samples)) == pytest.approx(end, abs=0.01)
    assert "2.5 sigma" in RSGaussian.__doc__
