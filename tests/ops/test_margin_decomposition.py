"""Margin decomposition against a loop over images, without its first stage, and where a softmax is 0 and 1."""

import math

import pytest
import torch

from pipeline.ops.attacks import right
from pipeline.ops.balls import L2, Linf
from pipeline.ops.margin_decomposition import (
    MarginDecomposition,
    as_they_are,
    parts,
    precise_probabilities,
    probabilities,
)
from tests.kit.attacks import INPUTS, K, R, Watched, left, network, pixels, seeded, setup, views_of


def loop(net, view, label, starts, steps, change, scores, target=None):
    """One image in pixels, run by run; the last misclassified point, or None."""
    raw, found = pixels(view), None
    for run in (0, 1):
        x = (raw + starts[run]).clamp(0, 1)
        for i in range(steps):
            with torch.enable_grad():
                at = x.clone().requires_grad_()
                z = net(views_of(at)[None])[0]
                s = scores(z[None])[0]
                others = [k for k in range(K) if k != label] if target is None else [target]
                y, t = s[label], s[others].max()
                loss = t - y if i >= change else y if i == 0 else t if run else -y
                (slope,) = torch.autograd.grad(loss, at)
            found = x if z.argmax() != label else found
            late = i - change if i > change else i
            size = 2 * R * 0.5 * (1 + math.cos((late - 1) / (steps - change) * math.pi))
            x = torch.maximum(torch.minimum(x + size * slope.sign(), raw + R), raw - R).clamp(0, 1)
        found = x if net(views_of(x)[None]).argmax() != label else found
        if found is not None:
            break
    return found


@pytest.mark.parametrize("scores", [as_they_are, probabilities])
@pytest.mark.parametrize("steps, change", [(9, 4), (6, 1), (5, 0)])
def test_against_a_loop(steps, change, scores):
    net, views, labels = setup(4, scale=2.0)
    draws = seeded()
    starts = torch.stack([Linf(R).uniform(views, draws) for _ in range(2)])
    found = MarginDecomposition(Linf(R), steps, change, scores)(net, views, labels, INPUTS, seeded())
    for n in range(len(views)):
        want = loop(net, views[n], int(labels[n]), starts[:, n], steps, change, scores)
        assert (want is None) == bool(right(net, found[n : n + 1], labels[n : n + 1]))
        if want is not None:
            torch.testing.assert_close(pixels(found[n]), want, rtol=0, atol=1e-6)


def test_towards_a_target_against_a_loop():
    net, views, labels = setup(6, scale=2.0)
    target = (labels + 2) % K
    draws = seeded()
    starts = torch.stack([Linf(R).uniform(views, draws) for _ in range(2)])
    found = MarginDecomposition(Linf(R), 8, 3, target=target)(net, views, labels, INPUTS, seeded())
    for n in range(len(views)):
        want = loop(net, views[n], int(labels[n]), starts[:, n], 8, 3, as_they_are, int(target[n]))
        if want is not None:
            torch.testing.assert_close(pixels(found[n]), want, rtol=0, atol=1e-6)


def test_without_a_first_stage_its_points_are_those_of_cosine_ascent_of_the_margin():
    net, views, labels = setup(4)
    watched = Watched(net)
    attack = MarginDecomposition(Linf(0.01), 5, 0)
    attack(watched, views, labels, INPUTS, seeded())
    x = (pixels(views) + Linf(0.01).uniform(views, seeded())).clamp(0, 1)
    for step in range(5):
        torch.testing.assert_close(pixels(watched.shown[step]), x, rtol=0, atol=1e-6)
        at = x.clone().requires_grad_()
        true, other = parts(net(views_of(at)), labels)
        (slope,) = torch.autograd.grad((other - true).sum(), at)
        x = x + 0.01 * (1 + math.cos(math.pi * (step - 1) / 5)) * slope.sign()
        x = torch.maximum(torch.minimum(x, pixels(views) + 0.01), pixels(views) - 0.01).clamp(0, 1)


def test_both_stages_begin_with_steps_of_twice_the_radius():
    attack = MarginDecomposition(Linf(R), 50, 20)
    assert attack.size(1) == attack.size(21) == 2.0 and attack.size(0) == attack.size(2) < 2.0
    assert attack.size(20) == pytest.approx(1 + math.cos(math.pi * 19 / 30))
    assert attack.size(49) == pytest.approx(1 + math.cos(math.pi * 28 / 30))


def test_where_the_softmax_is_nothing_but_0_and_1_float64_finds_what_float32_misses():
    net = network(scale=600.0, dtype=torch.float32)
    _, views, _ = setup(12, dtype=torch.float32)
    labels = net(views).argmax(1)
    z = net(views)
    sure = -(z.scatter(1, labels[:, None], float("-inf")).amax(1) - z.gather(1, labels[:, None]).squeeze(1)) > 110
    assert sure.sum() > 3
    moved = {}
    for name, scores in (("single", probabilities), ("double", precise_probabilities), ("logits", as_they_are)):
        attack = MarginDecomposition(Linf(0.1), 10, 5, scores)
        moved[name] = attack(net, views[sure], labels[sure], INPUTS, seeded())
    by = {name: left(net, found, labels[sure]) for name, found in moved.items()}
    assert by["double"] < by["single"] and by["logits"] < by["single"]
    assert torch.equal(net(views).double().softmax(1), precise_probabilities(net(views)))


def test_an_image_does_not_depend_on_which_others_stand():
    net, views, labels = setup(6)
    other = labels.clone()
    other[1:4] = (labels[1:4] + 1) % K
    attack = MarginDecomposition(L2(0.05), 6, 3)
    first, second = (attack(net, views, y, INPUTS, seeded()) for y in (labels, other))
    torch.testing.assert_close(first[[0, 4, 5]], second[[0, 4, 5]], rtol=0, atol=1e-12)
