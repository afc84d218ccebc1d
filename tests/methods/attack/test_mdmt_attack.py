"""Towards one class it is margin decomposition with that target; more are for what still stands."""

import torch

from pipeline.methods.attack.mdmt_attack import MDMTAttack
from pipeline.ops.balls import Linf
from pipeline.ops.margin_decomposition import MarginDecomposition
from tests.kit.attacks import INPUTS, K, left, seeded, setup


def test_one_target_is_the_likeliest_wrong_class():
    net, views, labels = setup(6)
    found = MDMTAttack(steps=6, targets=1).attack(Linf(0.01))(net, views, labels, INPUTS, seeded())
    second = net(views).argsort(1, descending=True)[:, 1]
    want = MarginDecomposition(Linf(0.01), 6, 2, target=second)(net, views, labels, INPUTS, seeded())
    assert torch.equal(found, want)


def test_more_targets_leave_no_more_and_the_label_is_none_of_them():
    net, views, labels = setup(16)
    few, many = (
        MDMTAttack(steps=6, targets=t).attack(Linf(0.03))(net, views, labels, INPUTS, seeded()) for t in (1, 9)
    )
    assert left(net, many, labels) <= left(net, few, labels)
    fallen = net(few).argmax(1) != labels
    assert torch.equal(many[fallen], few[fallen]) and K == 5
