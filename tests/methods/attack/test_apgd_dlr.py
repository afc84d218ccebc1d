"""Whatever the logits' scale and shift, it breaks as much."""

from pipeline.methods.attack.apgd_ce import APGDCE
from pipeline.methods.attack.apgd_dlr import APGDDLR
from pipeline.ops.balls import Linf
from tests.kit.attacks import INPUTS, left, seeded, setup


def test_a_scale_of_logits_changes_nothing_where_cross_entropy_goes_blind():
    net, views, labels = setup(12, scale=1.0)

    def sure(x):
        return 1e5 * net(x) + 3

    def after(cls, classify):
        return cls(steps=20).attack(Linf(0.1))(classify, views, labels, INPUTS, seeded())

    assert left(net, after(APGDDLR, sure), labels) == left(net, after(APGDDLR, net), labels)
    assert left(net, after(APGDDLR, sure), labels) < left(net, after(APGDCE, sure), labels)
