"""The gradient penalty of critics of which the gradient is known."""

import pytest
import torch

from pipeline.ops.critics import gradient_penalty

MAKE = torch.Generator().manual_seed(0)
REAL, MADE = torch.randn(2, 7, 4, generator=MAKE, dtype=torch.float64)


@pytest.mark.parametrize("length", [0.0, 0.5, 1.0, 3.0])
def test_of_a_linear_critic_it_is_that_of_its_weights(length):
    w = torch.tensor([1.0, -2.0, 2.0, 0.0], dtype=torch.float64) / 3 * length
    w.requires_grad_()
    penalty = gradient_penalty(lambda x: x @ w, REAL, MADE)
    assert float(penalty) == pytest.approx((length - 1) ** 2)
    if length:
        penalty.backward()
        # d (|w| - 1)^2 / dw
        torch.testing.assert_close(w.grad, 2 * (length - 1) * w.detach() / length)


def test_of_a_quadratic_critic_it_is_taken_on_the_lines_between():
    torch.manual_seed(4)
    found = gradient_penalty(lambda x: x.square().sum(1, keepdim=True) / 2, REAL, MADE)
    torch.manual_seed(4)
    share = torch.rand(7, 1, dtype=torch.float64)
    total = 0.0
    for i in range(7):
        place = share[i] * REAL[i] + (1 - share[i]) * MADE[i]
        total += (float(place.norm()) - 1) ** 2
    assert float(found) == pytest.approx(total / 7)


def test_gradients_do_not_reach_what_was_made():
    made = MADE.clone().requires_grad_()
    w = torch.ones(4, dtype=torch.float64, requires_grad=True)
    gradient_penalty(lambda x: (x @ w) ** 2, REAL, made).backward()
    assert made.grad is None and w.grad is not None
