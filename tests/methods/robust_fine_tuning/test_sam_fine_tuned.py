"""Sharpness-aware fine-tuning: the slope at the displaced weights; without a radius it is plain fine-tuning."""

import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.methods.robust_fine_tuning.sam_fine_tuned import SAMFineTuned
from tests.kit.classifiers import check_sharp, doubled
from tests.kit.fine_tuning import flat_weights, stepped, tuned
from tests.kit.methods import batch


def test_its_gradient_is_the_slope_at_the_displaced_weights():
    check_sharp(tuned(SAMFineTuned, batch_norm=False, rho=0.5).double(), doubled(batch(("full",))))


def test_without_a_radius_it_is_fine_tuning():
    same = stepped(tuned(SAMFineTuned, rho=0.0)), stepped(tuned(FineTuned))
    assert torch.equal(*map(flat_weights, same))
    assert not torch.equal(flat_weights(stepped(tuned(SAMFineTuned, rho=0.5))), flat_weights(same[1]))
