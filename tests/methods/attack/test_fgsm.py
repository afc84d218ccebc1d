"""One step by a loop over pixels, from the image itself."""

import itertools

import torch
import torch.nn.functional as F

from pipeline.methods.attack.fgsm import FGSM
from pipeline.ops.balls import Linf
from tests.kit.attacks import INPUTS, R, Watched, images, pixels, seeded, setup, views_of


def test_against_a_loop():
    net, views, labels = setup(4)
    raw = images(4).requires_grad_()
    (slope,) = torch.autograd.grad(F.cross_entropy(net(views_of(raw)), labels, reduction="sum"), raw)
    found = pixels(FGSM().attack(Linf(R))(net, views, labels, INPUTS))
    for place in itertools.product(*map(range, raw.shape)):
        want = raw[place].item() + R * (1 if slope[place] > 0 else -1 if slope[place] < 0 else 0)
        assert abs(found[place].item() - min(max(want, 0.0), 1.0)) < 1e-6


def test_it_takes_one_pass_and_no_chance():
    net, views, labels = setup()
    watched, attack = Watched(net), FGSM().attack(Linf(R))
    first = attack(watched, views, labels, INPUTS, seeded(0))
    assert watched.passes == len(views)
    assert torch.equal(first, attack(net, views, labels, INPUTS, seeded(1)))
