"""Square attacks against loops over pixels, what they never do, and the schedule of sizes."""

import math

import pytest
import torch

from pipeline.ops.balls import L2, Linf
from pipeline.ops.class_scores import margins
from pipeline.ops.square import Square, SquareL2, bumps, side_of, square
from tests.kit.attacks import INPUTS, R, Watched, images, left, pixels, seeded, setup


def loop_bump(height, width):
    """Equation 2 of the paper, before its length is 1."""
    n = max(height, width) // 2
    rows = []
    for r in range(height):
        distances = [max(abs(r - height // 2), abs(s - width // 2)) for s in range(width)]
        rows.append([sum(1 / (k + 1) ** 2 for k in range(d, n + 1)) for d in distances])
    return torch.tensor(rows, dtype=torch.float64).reshape(height, width)


@pytest.mark.parametrize("side", [1, 2, 3, 5, 7, 8])
def test_bumps_against_a_loop(side):
    upper, lower = loop_bump(side // 2, side), loop_bump(side - side // 2, side)
    want = torch.cat([upper / upper.norm() if upper.numel() else upper, -lower / lower.norm()])
    torch.testing.assert_close(bumps(side, torch.zeros(1, dtype=torch.float64)), want / want.norm())


def test_sides_follow_the_stretched_schedule():
    for queries in (200, 10_000):
        sides = [side_of(at * queries // 10_000, queries, 28, 28) for at in (0, 50, 100, 400, 1000, 2000, 9900)]
        assert sides == [round(math.sqrt(0.8 / 2**k * 784)) for k in (0, 1, 2, 3, 4, 5, 9)]
    assert side_of(199, 200, 4, 4) == 1 and side_of(0, 10, 4, 50) == 4


@pytest.mark.parametrize("query", [0, 30])
def test_a_proposal_in_l2_against_a_loop(query):
    """Image by image and channel by channel, Algorithm 3 with the places, coins and signs that were drawn."""
    attack, draw = SquareL2(L2(0.5), 40), seeded(3)
    shift = 0.05 * torch.randn(4, 2, 8, 8, generator=seeded(2), dtype=torch.float64)
    tried = attack.propose(shift, query, seeded(3))
    side = max(side_of(query, 40, 8, 8), 3)
    side = min(side + (side % 2 == 0), 8)
    first, second = (torch.rand(4, 2, generator=draw, dtype=torch.float64) for _ in range(2))
    lying = torch.rand(4, 1, 1, 1, generator=draw, dtype=torch.float64).flatten() > 0.5
    signs = 1 - 2 * (torch.rand(4, 2, 1, 1, generator=draw, dtype=torch.float64) < 0.5).double()
    pattern = bumps(side, shift)
    for n in range(4):
        new = shift[n].clone()
        (t1, l1), (t2, l2) = ((int(t * (9 - side)), int(left * (9 - side))) for t, left in (first[n], second[n]))
        w1 = (slice(t1, t1 + side), slice(l1, l1 + side))
        w2 = (slice(t2, t2 + side), slice(l2, l2 + side))
        unused = max(0.25 - shift[n].square().sum().item(), 0.0)
        for c in range(2):
            either = torch.zeros(8, 8, dtype=torch.bool)
            either[w1] = either[w2] = True
            available = math.sqrt(shift[n, c][either].square().sum().item() + unused / 2)
            old = shift[n, c][w1]
            mixed = signs[n, c] * (pattern.T if lying[n] else pattern) + old / old.norm()
            new[c][w2] = 0.0
            new[c][w1] = available * mixed / mixed.norm()
        torch.testing.assert_close(tried[n], 0.5 * new / new.norm())


def test_a_proposal_in_l_inf_sets_one_square_of_each_channel_to_the_edge():
    shift = torch.zeros(5, 2, 8, 8)
    changed = Square(Linf(R), 100).propose(shift, 3, seeded())
    side = side_of(3, 100, 8, 8)
    for n in range(5):
        for c in range(2):
            rows, columns = changed[n, c].nonzero().unbind(1)
            assert len(rows) == side**2 and len(set(rows.tolist())) == len(set(columns.tolist())) == side
            assert changed[n, c][changed[n, c] != 0].abs().allclose(torch.tensor(R))
            assert len(set(changed[n, c][changed[n, c] != 0].tolist())) == 1


@pytest.mark.parametrize("ball", [Linf(R), L2(0.6)])
def test_what_it_returns_is_near_in_range_and_no_worse_than_its_start(ball):
    net, views, labels = setup(12, scale=2.0)
    attack = square(ball, 60)
    watched = Watched(net)
    moved = attack(watched, views, labels, INPUTS, seeded())
    shift = pixels(moved) - images(12)
    assert ball.norm(shift).max() <= ball.radius + 1e-6
    assert pixels(moved).min() >= -1e-6 and pixels(moved).max() <= 1 + 1e-6
    start = watched.shown[0]
    assert (margins(net(moved), labels) <= margins(net(start), labels)).all()
    assert left(net, moved, labels) < left(net, start, labels)
    assert ball.norm(pixels(start) - images(12)).min() > 0.3 * ball.radius


@pytest.mark.parametrize("ball", [Linf(0.05), L2(0.4)])
def test_an_image_does_not_depend_on_which_others_stand(ball):
    net, views, labels = setup(6, scale=2.0)
    other = labels.clone()
    other[1:4] = (labels[1:4] + 1) % 5  # wrong already: these are left alone
    first, second = (square(ball, 20)(net, views, y, INPUTS, seeded()) for y in (labels, other))
    torch.testing.assert_close(first[[0, 4, 5]], second[[0, 4, 5]], rtol=0, atol=1e-12)


def test_it_asks_for_no_gradient_and_stops_when_all_are_broken():
    net, views, labels = setup(6)

    def classify(x):
        assert not torch.is_grad_enabled() and not x.requires_grad
        return net(x)

    watched = Watched(classify)
    square(L2(0.5), 30)(watched, views, (labels + 1) % 5, INPUTS, seeded())
    assert watched.passes <= 6 * 31
    always = Watched(lambda x: torch.eye(5, dtype=x.dtype)[torch.zeros(len(x), dtype=torch.long)])
    square(Linf(R), 30)(always, views, torch.ones_like(labels), INPUTS, seeded())
    assert always.passes == 6
