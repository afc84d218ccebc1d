"""The second attack is for what withstood the first, and is towards classes."""

import torch

from pipeline.methods.attack.pma import PMA
from pipeline.methods.attack.pma_plus import PMAPlus
from pipeline.ops.apgd import Targeted
from pipeline.ops.attacks import Cascade
from pipeline.ops.balls import Linf
from tests.kit.attacks import INPUTS, seeded, setup


def test_it_is_both_in_turn():
    ball = Linf(0.1)
    assert PMAPlus(steps=9, targets=3).attack(ball) == Cascade([PMA(steps=9).attack(ball), Targeted(ball, 9, 3)])


def test_what_the_first_breaks_stays():
    net, views, labels = setup(16)
    first, both = (a.attack(Linf(0.02))(net, views, labels, INPUTS, seeded()) for a in (PMA(steps=6), PMAPlus(steps=6)))
    fallen = net(first).argmax(1) != labels
    assert fallen.any() and not fallen.all()
    assert torch.equal(both[fallen], first[fallen])
    assert (net(both).argmax(1) != labels).sum() >= fallen.sum()
