"""Steps by hand, and one large step as its limit."""

import torch
import torch.nn.functional as F

from pipeline.methods.attack.pgd import PGDAttack
from pipeline.ops.balls import Linf
from tests.kit.attacks import INPUTS, R, Watched, images, pixels, seeded, setup, views_of


def test_against_a_loop():
    net, views, labels = setup(4)
    raw = images(4)
    found = PGDAttack(steps=5, step_size=0.25).attack(Linf(R))(net, views, labels, INPUTS, seeded())
    x = (raw + Linf(R).uniform(raw, seeded())).clamp(0, 1)
    for _ in range(5):
        at = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(F.cross_entropy(net(views_of(at)), labels), at)
        x = torch.maximum(torch.minimum(x + 0.25 * R * slope.sign(), raw + R), raw - R).clamp(0, 1)
    torch.testing.assert_close(pixels(found), x, rtol=0, atol=1e-6)


def test_passes_are_its_steps():
    net, views, labels = setup()
    watched = Watched(net)
    PGDAttack(steps=7).attack(Linf(R))(watched, views, labels, INPUTS, seeded())
    assert watched.passes == 7 * len(views)
