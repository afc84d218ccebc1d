"""Halves by loops over pixels, what each sees, and a radius that the worst pair of networks just withstands."""

import math

import pytest
import scipy.stats
import torch
import torch.nn.functional as F

from pipeline.methods.certified import Sampling
from pipeline.methods.smoothing.dual_rs import DualRS
from pipeline.methods.smoothing.rs_gaussian import RSGaussian
from tests.kit.classifiers import check_reach
from tests.kit.methods import CONTEXT, SIDE, batch, made, trained

SAMPLING = Sampling(samples=1000, selection=50, error=0.001)


@pytest.mark.parametrize("split", ["interleaved", "rows"])
@pytest.mark.parametrize("part", [0, 1])
def test_halves_by_loops(split, part):
    method, views = made(DualRS, split=split), batch(("full",), size=3).views[0]
    found = method.filled(views, part)
    for image in range(3):
        for i in range(SIDE):
            for j in range(SIDE):

                def keeps(i, j):
                    first = (i + j) % 2 == 0 if split == "interleaved" else i < SIDE // 2
                    return first == (part == 0)

                if keeps(i, j):
                    want = views[image, 0, i, j].item()
                else:
                    block = [(a, b) for a in (i - i % 2, i - i % 2 + 1) for b in (j - j % 2, j - j % 2 + 1)]
                    seen = [views[image, 0, a, b].item() for a, b in block if keeps(a, b)]
                    want = max(seen) if seen else (0.0 - 0.5) / 0.25
                assert found[image, 0, i, j].item() == want


@pytest.mark.parametrize("split", ["interleaved", "rows"])
@pytest.mark.parametrize("part", [0, 1])
def test_nothing_of_the_other_half_leaks(split, part):
    """Neither by value nor by slope, whatever stands there."""
    method, views = trained(made(DualRS, split=split)), batch(("full",), size=4).views[0]
    other = method.kept[1 - part]
    elsewhere = torch.where(other, 1e4 * torch.randn_like(views), views)
    assert torch.equal(method.part_logits(views)[:, part], method.part_logits(elsewhere)[:, part])
    assert not torch.equal(method.part_logits(views)[:, 1 - part], method.part_logits(elsewhere)[:, 1 - part])
    at = views.clone().requires_grad_()
    (slope,) = torch.autograd.grad(method.part_logits(at)[:, part].sum(), at)
    assert (slope[other.expand_as(slope)] == 0).all() and (slope != 0).any()


def test_every_pixel_is_in_one_half():
    for split in ("interleaved", "rows"):
        first, second = made(DualRS, split=split).kept
        assert torch.equal(first, ~second) and first.sum() == SIDE * SIDE // 2


def test_radii_by_quantiles():
    method, hits = made(DualRS, sigma=0.3), [(900, 990), (1000, 400), (300, 200), (600, 450)]
    found = method.radii(torch.tensor(hits), SAMPLING)
    code = made(DualRS, sigma=0.3, form="code").radii(torch.tensor(hits), SAMPLING)
    for (a, b), radius, squares in zip(hits, found.tolist(), code.tolist(), strict=True):
        own = [0.3 * scipy.stats.norm.ppf(scipy.stats.beta.ppf(0.0005, k, 1000 - k + 1)) for k in (a, b)]
        whole = [0.3 * scipy.stats.norm.ppf(scipy.stats.beta.ppf(0.001, k, 1000 - k + 1)) for k in (a, b)]
        assert radius == pytest.approx(sum(own) / math.sqrt(2), rel=1e-9)
        assert squares == pytest.approx(math.hypot(*(max(r, 0.0) for r in whole)), rel=1e-9)


@pytest.mark.parametrize("shares", [(0.9, 0.5), (0.99, 0.7), (0.8, 0.8), (0.95, 0.2)])
def test_the_sum_is_where_two_half_spaces_lose_the_vote_and_the_root_of_squares_lies_beyond(shares):
    """Of two linear networks, the worst there are, the shortest shift that takes the vote, by a search over angles."""
    r1, r2 = (scipy.stats.norm.ppf(p) for p in shares)
    lost = math.inf
    for step in range(0, 901):
        angle = math.pi / 2 * step / 900
        a, b = math.cos(angle), math.sin(angle)
        low, high = 0.0, 10.0
        for _ in range(50):
            d = (low + high) / 2
            held = scipy.special.ndtr(r1 - d * a) + scipy.special.ndtr(r2 - d * b) > 1
            low, high = (d, high) if held else (low, d)
        lost = min(lost, high)
    assert lost == pytest.approx((r1 + r2) / math.sqrt(2), rel=1e-5)
    code = math.hypot(max(r1, 0), max(r2, 0))
    assert code > lost + 0.2 if shares[0] != shares[1] else code == pytest.approx(lost, rel=1e-5)


def test_two_equal_parts_of_equal_shares_have_root_two_times_the_radius_of_one():
    hits = torch.tensor([[880, 880]])
    two = made(DualRS, sigma=0.2).radii(hits, SAMPLING)
    one = made(RSGaussian, sigma=0.2).radii(hits[:, :1], Sampling(1000, 50, 0.0005))
    torch.testing.assert_close(two, math.sqrt(2) * one)


def test_both_networks_learn_from_a_loss_of_their_own():
    method, data = made(DualRS, sigma=0.2), batch(("full",))
    torch.manual_seed(3)
    loss = method.loss(data)
    torch.manual_seed(3)
    noisy = data.views[0] + 0.2 / 0.25 * torch.randn(data.views[0].shape)
    own = method.head(method.encoder(method.filled(noisy, 0)))
    other = method.second["head"](method.second["encoder"](method.filled(noisy, 1)))
    torch.testing.assert_close(loss, F.cross_entropy(own, data.labels) + F.cross_entropy(other, data.labels))
    check_reach(method, data)


def test_certificates_choose_the_class_of_both():
    method, views = trained(made(DualRS, sigma=0.1)), batch(("full",), size=5).views[0]
    found = method.certify(views, CONTEXT.inputs, SAMPLING, torch.Generator().manual_seed(1))
    draws = torch.Generator().manual_seed(1)
    chosen = method.votes(views, 50, draws).sum(1).argmax(1)
    votes = method.votes(views, 1000, draws)
    radii = method.radii(torch.stack([votes[i, :, c] for i, c in enumerate(chosen)]), SAMPLING)
    torch.testing.assert_close(found.radii, radii.clamp_min(0))
    assert torch.equal(found.answers >= 0, radii > 0)
