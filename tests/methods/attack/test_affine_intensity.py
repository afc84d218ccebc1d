"""Each try by loops over pixels, and what it never does."""

import pytest
import torch

from pipeline.methods.attack.affine_intensity import AffineIntensity, moved
from pipeline.ops.balls import Linf
from pipeline.ops.class_scores import margins
from tests.kit.attacks import INPUTS, Watched, images, left, pixels, seeded, setup


def test_one_try_against_a_loop():
    net, views, labels = setup(3)
    watched = Watched(net)
    AffineIntensity(tries=1, gain=0.3, offset=0.1, shift=1).search(watched, views, labels, INPUTS, seeded())
    draws, raw = torch.rand(3, 4, generator=seeded(), dtype=torch.float64).tolist(), images(3)
    tried = pixels(watched.shown[1])
    for n, (g, b, down, right) in enumerate(draws):
        g, b = 1 + 0.3 * (2 * g - 1), 0.1 * (2 * b - 1)
        down, right = int(3 * down) - 1, int(3 * right) - 1
        for r in range(8):
            for c in range(8):
                value = raw[n, 0, min(max(r + down, 0), 7), min(max(c + right, 0), 7)].item()
                assert tried[n, 0, r, c].item() == pytest.approx(min(max(g * value + b, 0.0), 1.0), abs=1e-6)


def test_without_any_freedom_it_returns_the_images():
    net, views, labels = setup(4)
    still = AffineIntensity(gain=0.0, offset=0.0, shift=0).attack(Linf(0.1))(net, views, labels, INPUTS, seeded())
    torch.testing.assert_close(still, views, rtol=0, atol=1e-6)
    assert torch.equal(moved(images(4), torch.full((4, 2), 0.5), 1), images(4))


def test_margins_never_rise_and_more_tries_break_more():
    net, views, labels = setup(16, scale=2.0)
    few, many = (
        AffineIntensity(tries=tries).attack(Linf(0.1))(net, views, labels, INPUTS, seeded()) for tries in (1, 40)
    )
    assert (margins(net(few), labels) <= margins(net(views), labels)).all()
    assert left(net, many, labels) < left(net, few, labels)
    assert pixels(many).min() >= -1e-6 and pixels(many).max() <= 1 + 1e-6
