"""Steps in plain numbers."""

import torch

from pipeline.methods.optimizer.adam import Adam
from tests.kit.optimizers import RATE, adam_rule, check_rule, course, fresh


def test_against_numbers():
    check_rule(fresh(Adam, beta2=0.98), adam_rule)


def test_the_first_step_is_as_long_as_the_rate_in_every_coordinate():
    ((before, gradients, after),) = course(fresh(Adam), steps=1)
    for weight, slope, now in zip(before, gradients, after, strict=True):
        moved = (now - weight).abs()[slope.abs() > 1e-3]
        torch.testing.assert_close(moved, torch.full_like(moved, RATE), rtol=1e-3, atol=0.0)
