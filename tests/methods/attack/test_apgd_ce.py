"""A linear classifier's worst case; its arithmetic is derived anew in tests/ops/test_apgd.py."""

import torch

from pipeline.methods.attack.apgd_ce import APGDCE
from pipeline.methods.attack.pgd import PGDAttack
from pipeline.ops.balls import Linf
from tests.kit.attacks import INPUTS, R, Watched, images, left, pixels, seeded, setup


def test_of_two_linear_classes_it_finds_the_worst_case():
    weights = torch.randn(64, generator=seeded(), dtype=torch.float64)

    def net(x):
        score = 0.01 * (x.flatten(1) @ weights)
        return torch.stack([5 + score, -score], 1)

    found = APGDCE(steps=10).attack(Linf(R))(net, images(5), torch.zeros(5, dtype=torch.long), INPUTS, seeded())
    raw = pixels(images(5))  # the images are taken for views
    low = torch.minimum(raw, torch.zeros_like(raw))
    want = torch.maximum(raw - R * weights.sign().view(1, 1, 8, 8), low).clamp(max=1)
    torch.testing.assert_close(pixels(found), want, rtol=0, atol=1e-6)


def test_it_has_a_pass_for_its_start_and_one_for_every_step():
    net, views, labels = setup(8)
    watched = Watched(net)
    found = APGDCE(steps=9).attack(Linf(R))(watched, views, labels, INPUTS, seeded())
    assert watched.passes == 10 * len(views)
    plain = PGDAttack(steps=9).attack(Linf(R))(net, views, labels, INPUTS, seeded())
    assert left(net, found, labels) <= left(net, plain, labels)
