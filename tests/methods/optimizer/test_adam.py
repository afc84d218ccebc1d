"""Steps in plain numbers."""

import math

import torch

from pipeline.methods.optimizer.adam import Adam
from tests.kit.optimizers import RATE, check_rule, course, fresh


def rule(state, w, g, t, decay):
    g += decay * w
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
    state["v"] = 0.98 * state.get("v", 0.0) + 0.02 * g * g
    return w - RATE * (state["m"] / (1 - 0.9**t)) / (math.sqrt(state["v"] / (1 - 0.98**t)) + 1e-8)


def test_against_numbers():
    check_rule(fresh(Adam, beta2=0.98), rule)


def test_the_first_step_is_as_long_as_the_rate_in_every_coordinate():
    ((before, gradients, after),) = course(fresh(Adam), steps=1)
    for weight, slope, now in zip(before, gradients, after, strict=True):
        moved = (now - weight).abs()[slope.abs() > 1e-3]
        torch.testing.assert_close(moved, torch.full_like(moved, RATE), rtol=1e-3, atol=0.0)
