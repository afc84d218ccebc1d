"""Steps in plain numbers, and the limit on the gradient's norm."""

import math

import pytest
import torch

from pipeline.methods.optimizer.adam import Adam
from pipeline.methods.optimizer.adam_w import AdamW
from tests.kit.optimizers import DECAY, RATE, check_rule, course, fresh


def rule(state, w, g, t, decay):
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
    state["v"] = 0.98 * state.get("v", 0.0) + 0.02 * g * g
    step = (state["m"] / (1 - 0.9**t)) / (math.sqrt(state["v"] / (1 - 0.98**t)) + 1e-8)
    return w * (1 - RATE * decay) - RATE * step


def test_against_numbers():
    check_rule(fresh(AdamW, beta2=0.98, decay=DECAY), rule)


def test_clipped_gradients_have_the_norm_that_is_asked_for():
    for _, gradients, _ in course(fresh(AdamW, clip=1e-3)):
        assert torch.nn.utils.get_total_norm(gradients).item() == pytest.approx(1e-3, rel=1e-3)


def test_biases_go_as_by_adam():
    (_, _, ours), (_, _, theirs) = course(fresh(AdamW), 1)[0], course(fresh(Adam), 1)[0]
    for a, b in zip(ours, theirs, strict=True):
        if a.ndim == 1:
            torch.testing.assert_close(a, b)
