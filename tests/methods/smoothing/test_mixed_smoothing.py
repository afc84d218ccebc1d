"""Answers and radii of the mixture by loops in float64, and what the accurate base can and cannot change."""

import pytest
import scipy.stats
import torch

from pipeline.contract import Bundle
from pipeline.methods.certified import ABSTAINED, Sampling
from pipeline.methods.smoothing.mixed_smoothing import MixedSmoothing
from pipeline.methods.smoothing.rs_gaussian import RSGaussian
from pipeline.methods.smoothing.rs_undefended import RSUndefended
from tests.kit.methods import CONTEXT, batch, made, on, trained

SAMPLING = Sampling(samples=300, selection=60, error=0.01, votes=50)
VIEWS = batch(("full",), size=8).views[0]
SIGMA = 0.1


def method(alpha=0.8, sure=10.0):
    accurate, robust = trained(made(RSUndefended, seed=3)), trained(made(RSGaussian, sigma=SIGMA))
    with torch.no_grad():
        robust.head.weight.mul_(sure)
        accurate.head.weight.mul_(3)
    return made(MixedSmoothing, context=on(Bundle({"accurate": accurate, "robust": robust})), alpha=alpha).eval()


def draws():
    return torch.Generator().manual_seed(0)


def certified(mixed):
    return mixed.certify(VIEWS, CONTEXT.inputs, SAMPLING, draws())


@pytest.mark.parametrize("alpha", [0.4, 0.8, 1.0])
def test_answers_and_radii_by_loops(alpha):
    mixed, count = method(alpha), SAMPLING.samples
    found = certified(mixed)
    with torch.no_grad():
        votes = mixed.votes(VIEWS, count, draws())[:, 0].tolist()
        own = mixed.accurate.logits(mixed.accurate.encoder(VIEWS)).double().softmax(1).tolist()
    classes = range(len(own[0]))
    error = SAMPLING.error / (2 * len(classes))
    for image, (hits, probabilities) in enumerate(zip(votes, own, strict=True)):
        low = [scipy.stats.beta.ppf(error, h, count - h + 1) if h else 0.0 for h in hits]
        high = [scipy.stats.beta.ppf(1 - error, h + 1, count - h) if h < count else 1.0 for h in hits]
        mixture = [(1 - alpha) * p + alpha * h / count for p, h in zip(probabilities, hits, strict=True)]
        c = max(classes, key=lambda k: mixture[k])
        others = [k for k in classes if k != c]
        next_most = max(min(high[k], 1 - low[c]) for k in others)
        quantile = scipy.stats.norm.ppf
        radius = SIGMA / 2 * (quantile(alpha * low[c]) - quantile(alpha * next_most + 1 - alpha))
        sure = all(
            (1 - alpha) * probabilities[c] + alpha * low[c]
            > (1 - alpha) * probabilities[k] + alpha * min(high[k], 1 - low[c])
            for k in others
        )
        assert found.answers[image].item() == (c if sure else ABSTAINED)
        assert found.radii[image].item() == pytest.approx(max(radius, 0.0), abs=1e-9)
        assert sure or radius <= 0
    assert (found.radii > 0).any() == (alpha > 0.5)


def test_no_accurate_base_takes_a_radius_away():
    mixed = method()
    before = certified(mixed)
    with torch.no_grad():
        mixed.accurate.head.weight.mul_(-100)
    after = certified(mixed)
    sure = before.radii > 0
    assert sure.any()
    assert torch.equal(before.answers[sure], after.answers[sure])
    assert torch.equal(before.radii[sure], after.radii[sure])


def test_a_share_of_nothing_is_the_accurate_base():
    mixed = method(alpha=0.0)
    with torch.no_grad():
        want = mixed.accurate.logits(mixed.accurate.encoder(VIEWS)).argmax(1)
    assert torch.equal(certified(mixed).answers, want) and not certified(mixed).radii.any()


def test_what_an_attack_climbs_is_the_mixture():
    mixed = method(alpha=0.7)
    inputs = VIEWS.clone().requires_grad_()
    scores = mixed.scores(inputs, CONTEXT.inputs, draws())
    robust = super(MixedSmoothing, mixed).scores(inputs, CONTEXT.inputs, draws())
    own = mixed.accurate.logits(mixed.accurate.encoder(inputs))
    torch.testing.assert_close(scores.exp(), 0.3 * own.softmax(1) + 0.7 * robust.softmax(1))
    (slope,) = torch.autograd.grad(scores[:, 0].sum(), inputs)
    assert slope.abs().sum() > 0
