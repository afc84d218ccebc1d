"""The reference is the base for good."""

import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.methods.robust_fine_tuning.tram import TRAM
from pipeline.methods.robust_fine_tuning.tram_pretrained import TRAMPretrained
from tests.kit.fine_tuning import flat_weights, network_weights, stepped, tuned


def test_the_reference_stays_and_the_radius_grows_with_the_distance():
    start = flat_weights(tuned(FineTuned))
    method, radii = tuned(TRAMPretrained, rho=1.0), []
    for _ in range(3):
        stepped(method, 1)
        radii.append(method.d.item())
    assert torch.equal(network_weights(method.reference), start)
    assert radii[0] == 0.0 < radii[1] < radii[2]


def test_two_steps_are_those_of_tram_and_three_are_not():
    def after(cls, count):
        return flat_weights(stepped(tuned(cls, rho=20.0), count))

    # at the second step the last step's weights are the base's
    assert torch.equal(after(TRAMPretrained, 2), after(TRAM, 2))
    assert not torch.equal(after(TRAMPretrained, 3), after(TRAM, 3))
