"""The first half of the groups of units, of a network that is otherwise the same."""

import torch

from pipeline.methods.boosting.gbnn import GBNN
from pipeline.methods.boosting.gbnn_half import GBNNHalf
from tests.kit.tables import fitted, numbers

FIVE = {"rounds": 5, "units": 2, "iterations": 30, "held_out": 0.0}


def test_half_of_the_units_are_the_first():
    training = numbers()
    whole, half = (fitted(cls, training, **FIVE) for cls in (GBNN, GBNNHalf))
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), half.state_dict().values(), strict=True))
    assert torch.equal(half.predict(training.inputs), whole.stages(training.inputs)[2, :, 0].float())
