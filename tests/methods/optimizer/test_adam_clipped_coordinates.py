"""Both moments are of the clipped gradient."""

from pipeline.methods.optimizer.adam import Adam
from pipeline.methods.optimizer.adam_clipped_coordinates import AdamClippedCoordinates
from tests.kit.optimizers import adam_rule, check_different, check_rule, check_same, fresh


def test_steps_are_adams_on_the_clipped_gradient():
    method = fresh(AdamClippedCoordinates, beta2=0.98)
    check_rule(method, adam_rule)  # whose gradients are those after clipping


def test_nothing_clipped_is_adam():
    check_same(fresh(AdamClippedCoordinates, share=0.0), fresh(Adam))
    check_different(fresh(AdamClippedCoordinates), fresh(Adam))
