"""It trains as adversarial training does, whatever certifies it afterwards."""

import pytest
import torch

from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.interval_bounds.pgd_ibp import PGDIBP
from tests.kit.certified import SmallPlain, built, pixels


@pytest.mark.parametrize("steps", [1, 5])
def test_it_is_adversarial_training(steps):
    losses, slopes = [], []
    for cls in (PGDIBP, PGDAT):
        method = built(cls, SmallPlain, steps=steps, radius=0.07)
        torch.manual_seed(4)
        loss = method.loss(pixels())
        loss.backward()
        losses.append(loss)
        slopes.append(method.encoder.blocks[0][0].weight.grad)
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(*slopes)


def test_certificates_of_the_same_weights_are_those_of_ibp():
    from pipeline.methods.interval_bounds.ibp import IBP
    from tests.kit.certified import certified

    found = [certified(built(cls, SmallPlain), pixels().views[0]) for cls in (PGDIBP, IBP)]
    assert torch.equal(found[0].radii, found[1].radii) and torch.equal(found[0].answers, found[1].answers)
