"""Towards classes in turn: the order, and that none is attacked who has fallen."""

import torch

from pipeline.methods.attack.apgd_t import APGDT
from pipeline.ops.apgd import APGD, dlr_towards
from pipeline.ops.balls import Linf
from tests.kit.attacks import INPUTS, R, Watched, seeded, setup


def test_towards_one_class_it_is_auto_pgd_towards_the_likeliest_wrong_one():
    net, views, labels = setup(6)
    found = APGDT(steps=6, targets=1).attack(Linf(0.01))(net, views, labels, INPUTS, seeded())
    second = net(views).argsort(1, descending=True)[:, 1]
    want = APGD(Linf(0.01), 6, dlr_towards(second))(net, views, labels, INPUTS, seeded())
    assert torch.equal(found, want)


def test_more_targets_cost_passes_only_where_an_image_still_stands():
    net, views, labels = setup(8)
    watched = Watched(net)
    found = APGDT(steps=4, targets=4).attack(Linf(R))(watched, views, labels, INPUTS, seeded())
    fallen = net(found).argmax(1) != labels
    assert fallen.any() and watched.passes < (1 + 4 * 6) * len(views)
    assert APGDT.requires == ("base_num_classes >= 4",)
