"""It is the ensemble of the study of defences, and no weaker than its first member."""

import pytest

from pipeline.methods.attack.aa_mini import AAMini
from pipeline.methods.attack.apgd_ce import APGDCE
from pipeline.ops.balls import BALLS
from pipeline.ops.strongest import strongest
from tests.kit.attacks import INPUTS, seeded, setup


@pytest.mark.parametrize("norm, radius", [("linf", 0.02), ("l2", 0.15)])
def test_it_is_the_ensemble_and_breaks_all_that_its_first_member_breaks(norm, radius):
    ball, method = BALLS[norm](radius), AAMini(steps=5, targets=2, queries=8)
    attack = method.attack(ball)
    assert attack == strongest(norm, radius, 5, 2, 8)
    net, views, labels = setup(12)
    moved, first = (a(net, views, labels, INPUTS, seeded()) for a in (attack, APGDCE(steps=5).attack(ball)))
    by_first = net(first).argmax(1) != labels
    assert by_first.any() and (net(moved).argmax(1) != labels)[by_first].all()
