"""The margin's slope, by hand; what a scale of logits does to it and to cross-entropy."""

import torch

from pipeline.methods.attack.cw_pgd import CWPGD
from pipeline.methods.attack.pgd import PGDAttack
from pipeline.ops.balls import Linf
from tests.kit.attacks import INPUTS, K, R, images, left, pixels, seeded, setup, views_of


def test_against_a_loop():
    net, views, labels = setup(4)
    raw = images(4)
    found = CWPGD(steps=4, step_size=0.5).attack(Linf(R))(net, views, labels, INPUTS, seeded())
    x = (raw + Linf(R).uniform(raw, seeded())).clamp(0, 1)
    for _ in range(4):
        at = x.clone().requires_grad_()
        z, margin = net(views_of(at)), 0.0
        for n in range(4):
            margin = margin + max(z[n, k] for k in range(K) if k != labels[n]) - z[n, labels[n]]
        (slope,) = torch.autograd.grad(margin, at)
        x = torch.maximum(torch.minimum(x + 0.5 * R * slope.sign(), raw + R), raw - R).clamp(0, 1)
    torch.testing.assert_close(pixels(found), x, rtol=0, atol=1e-6)


def test_a_scale_of_logits_hides_cross_entropys_slope_but_not_the_margins():
    net, views, labels = setup(12, scale=1.0)

    def sure(x):
        return 1e5 * net(x)

    def after(cls, classify):
        return cls(steps=20).attack(Linf(R))(classify, views, labels, INPUTS, seeded())

    torch.testing.assert_close(after(CWPGD, sure), after(CWPGD, net), rtol=0, atol=1e-9)
    assert left(net, after(PGDAttack, sure), labels) > left(net, after(PGDAttack, net), labels)
