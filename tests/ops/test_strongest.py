"""The ensemble: who is in it, in each ball, and that nothing withstands it that one of its members breaks first."""

import pytest
import torch

from pipeline.ops.apgd import APGD, Targeted
from pipeline.ops.balls import BALLS, L2, Linf
from pipeline.ops.square import Square, SquareL2
from pipeline.ops.strongest import strongest
from tests.kit.attacks import INPUTS, Watched, left, pixels, seeded, setup


@pytest.mark.parametrize("norm, ball, search", [("linf", Linf(0.1), Square), ("l2", L2(0.1), SquareL2)])
def test_members(norm, ball, search):
    assert strongest(norm, 0.1, 7, 2, 9).attacks == [APGD(ball, 7), Targeted(ball, 7, 2), search(ball, 9)]
    assert strongest(norm, 0.1, 7, 2, 0).attacks == [APGD(ball, 7), Targeted(ball, 7, 2)]
    assert type(strongest(norm, 0.1, 7, 2, 9).attacks[2]) is search


@pytest.mark.parametrize("norm, radius", [("linf", 0.02), ("l2", 0.15)])
def test_it_breaks_what_its_first_member_breaks_and_more(norm, radius):
    net, views, labels = setup(24, scale=2.0)
    ball = BALLS[norm](radius)
    ensemble = strongest(norm, radius, 6, 4, 30)
    moved = ensemble(net, views, labels, INPUTS, seeded())
    broken = net(moved).argmax(1) != labels
    first = APGD(ball, 6)(net, views, labels, INPUTS, seeded())
    assert broken[net(first).argmax(1) != labels].all()
    for member in ensemble.attacks:
        assert left(net, moved, labels) <= left(net, member(net, views, labels, INPUTS, seeded()), labels)
    assert ball.norm(pixels(moved) - pixels(views)).max() <= radius + 1e-6


def test_what_is_wrong_already_is_left_alone_and_costs_nothing_more():
    net, views, labels = setup(6)
    watched = Watched(net)
    moved = strongest("linf", 0.1, 5, 3, 10)(watched, views, (labels + 1) % 5, INPUTS, seeded())
    assert torch.equal(moved, views) and watched.passes == 3 * 6
