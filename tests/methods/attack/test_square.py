"""Queries are counted, and the ball decides which of the paper's two searches it is."""

from pipeline.methods.attack.square import SquareAttack
from pipeline.ops.balls import L2, Linf
from pipeline.ops.square import Square, SquareL2
from tests.kit.attacks import INPUTS, Watched, left, seeded, setup


def test_the_ball_decides():
    assert SquareAttack(queries=7).attack(Linf(0.1)) == Square(Linf(0.1), 7)
    assert SquareAttack(queries=7).attack(L2(0.1)) == SquareL2(L2(0.1), 7)


def test_queries_are_at_most_its_own_and_one_for_the_start_and_more_break_more():
    net, views, labels = setup(16, scale=2.0)
    after = {}
    for queries in (2, 80):
        watched = Watched(net)
        moved = SquareAttack(queries=queries).attack(Linf(0.05))(watched, views, labels, INPUTS, seeded())
        after[queries] = left(net, moved, labels)
        assert watched.passes <= (queries + 1) * len(views)
    assert after[80] < after[2]
