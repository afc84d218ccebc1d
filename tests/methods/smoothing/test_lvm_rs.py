"""Means of maps and their bounds by loops in float64; the choice of the map; and in which limit it is voting."""

import math

import pytest
import scipy.stats
import torch

from pipeline.methods.certified import ABSTAINED, Sampling
from pipeline.methods.smoothing.lvm_rs import LVMRS
from pipeline.methods.smoothing.rs_gaussian import RSGaussian
from pipeline.ops.simplex import sparsemax
from tests.kit.methods import CONTEXT, batch, made, on, trained

SAMPLING = Sampling(samples=400, selection=60, error=0.01, votes=50)
VIEWS = batch(("full",), size=6).views[0]


def method(**settings):
    base = trained(made(RSGaussian, sigma=0.1))
    with torch.no_grad():
        base.head.weight.mul_(10)
    return made(LVMRS, context=on(base), **{"temperatures": 4, **settings}).eval()


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def slow(values, sigma=0.1, votes=False, count=400):
    """The class and the radius of one image's values (n, K), by loops."""
    low, high = [], []
    for k in range(3):
        own = [row[k] for row in values]
        mean = sum(own) / len(own)
        if votes:
            hits = round(mean * count)
            low.append(scipy.stats.beta.ppf(0.01 / 3, hits, count - hits + 1) if hits else 0.0)
            high.append(scipy.stats.beta.ppf(1 - 0.01 / 3, hits + 1, count - hits) if hits < count else 1.0)
            continue
        variance = sum((a - mean) ** 2 for a in own) / (len(own) - 1)
        log = math.log(2 / (0.01 / 3))
        shift = math.sqrt(2 * variance * log / count) + 7 * log / (3 * (count - 1))
        low.append(max(mean - shift, 0.0))
        high.append(min(mean + shift, 1.0))
    c = max(range(3), key=lambda k: low[k])
    most = min(max(high[k] for k in range(3) if k != c), 1 - low[c])
    if low[c] == 0:
        return c, -math.inf
    return c, sigma / 2 * (scipy.stats.norm.ppf(low[c]) - scipy.stats.norm.ppf(most))


def radii_of_all_maps(made_, logits):
    """Radii [map][image] and classes, of logits (n, B, K)."""
    found = []
    for name, t in made_.known():
        if name == "votes":
            values = torch.eye(3, dtype=torch.float64)[logits.argmax(-1)]
        else:
            values = ((t * logits).softmax(-1) if name == "softmax" else sparsemax(t * logits)).double()
        found.append([slow(values[:, image].tolist(), votes=name == "votes") for image in range(logits.shape[1])])
    return found


def test_the_best_of_all_maps_on_the_same_samples():
    lvm = method(choice="same")
    found = lvm.certify(VIEWS, CONTEXT.inputs, SAMPLING, draws())
    with torch.no_grad():
        logits = lvm.drawn_logits(VIEWS, 400, draws())
    maps = radii_of_all_maps(lvm, logits)
    for image in range(6):
        c, radius = max((by[image] for by in maps), key=lambda pair: pair[1])
        assert found.answers[image] == (c if radius > 0 else ABSTAINED)
        assert found.radii[image].item() == pytest.approx(max(radius, 0.0), rel=1e-4, abs=1e-7)
    assert (found.radii > 0).any()


def test_a_choice_on_other_samples():
    lvm = method()
    found = lvm.certify(VIEWS, CONTEXT.inputs, SAMPLING, draws())
    with torch.no_grad():
        generator = draws()
        trial, logits = lvm.drawn_logits(VIEWS, 60, generator), lvm.drawn_logits(VIEWS, 400, generator)
    tried, maps = radii_of_all_maps(lvm, trial), radii_of_all_maps(lvm, logits)
    for image in range(6):
        number = max(range(len(maps)), key=lambda m: tried[m][image][1])
        (chosen, _), (c, radius) = tried[number][image], maps[number][image]
        if radius > 0 and chosen == c:
            assert found.answers[image] == c
            assert found.radii[image].item() == pytest.approx(radius, rel=1e-4)


def test_maps_that_are_there_are_two_for_each_temperature_and_votes():
    assert len(list(method(temperatures=8).known())) == 17
    assert [t for name, t in method().known() if name == "softmax"][::3] == pytest.approx([0.1, 50.0])


def test_votes_alone_are_randomized_smoothing_but_for_the_bounds():
    """The same noise, the same classes, and with two classes and two thirds of the error, the same radii."""
    lvm, base = method(maps="votes"), trained(made(RSGaussian, sigma=0.1))
    base.load_state_dict(lvm.state_dict())
    found = lvm.certify(VIEWS, CONTEXT.inputs, SAMPLING, draws())
    other = base.certify(VIEWS, CONTEXT.inputs, Sampling(400, 60, 0.01 / 3), draws())
    both = (found.answers >= 0) & (other.answers >= 0)
    assert both.any() and torch.equal(found.answers[both], other.answers[both])
    assert (found.radii >= other.radii - 1e-12).all()
    sure = other.radii > 0.99 * 0.1 * scipy.stats.norm.ppf((0.01 / 3) ** (1 / 400))  # no votes for others
    torch.testing.assert_close(found.radii[sure], other.radii[sure])


def test_sharp_maps_are_votes():
    lvm = method()
    with torch.no_grad():
        logits = lvm.drawn_logits(VIEWS, 100, draws())
    for name in ("softmax", "sparsemax"):
        _, _, spread = lvm.bounds((name, 1e7), logits, SAMPLING)
        votes = lvm.bounds(("votes", math.inf), logits, SAMPLING)[2]
        torch.testing.assert_close(spread, votes * math.sqrt(100 / 99), atol=1e-3, rtol=1e-3)


def test_its_network_and_noise_are_those_of_the_run_it_builds_on():
    lvm = method()
    assert lvm.sigma == 0.1 and not LVMRS.trains
    base = trained(made(RSGaussian, sigma=0.1))
    with torch.no_grad():
        base.head.weight.mul_(10)
    assert all(torch.equal(a, b) for a, b in zip(lvm.state_dict().values(), base.state_dict().values(), strict=True))


def test_the_second_radius_of_the_code_never_exceeds_the_first():
    generator = draws(3)
    p, q = torch.rand(2, 20_000, generator=generator, dtype=torch.float64)
    first = (torch.special.ndtri(p) - torch.special.ndtri(q)) / 2
    assert (math.sqrt(math.pi / 2) * (p - q).abs() <= first.abs() + 1e-12).all()
