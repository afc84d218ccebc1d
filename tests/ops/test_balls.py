"""Shifts in a ball: projection onto it, the direction in which a linear loss rises most, draws from all of it."""

import pytest
import torch

from pipeline.ops.balls import Linf, drawn


def test_projection_is_the_nearest_shift_inside():
    ball, shift = Linf(0.2), torch.tensor([[0.1, -0.2, 0.3, -0.9]])
    assert torch.equal(ball.project(shift), torch.tensor([[0.1, -0.2, 0.2, -0.2]]))
    assert torch.equal(ball.project(ball.project(shift)), ball.project(shift))
    inside = ball.uniform(torch.empty(500, 4), torch.Generator().manual_seed(0))
    assert ((shift - ball.project(shift)).norm() <= (shift - inside).norm(dim=1)).all()


def test_no_shift_of_length_one_raises_a_linear_loss_more():
    slope = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(1))
    slope[0, 0, 0] = 0
    best = Linf(0.3).steepest(slope)
    others = Linf(1.0).uniform(torch.empty(500, 3, 2, 4), torch.Generator().manual_seed(2))
    assert best[0, 0, 0] == 0 and best.abs().max() == 1
    assert ((others * slope).sum((2, 3)) < (best * slope).sum((1, 2))).all()


def test_draws_fill_the_ball_evenly():
    values = Linf(0.4).uniform(torch.empty(20000), torch.Generator().manual_seed(3))
    assert values.abs().max() <= 0.4 and values.min() < -0.399 and values.max() > 0.399
    assert values.mean().item() == pytest.approx(0, abs=0.01)
    assert values.std().item() == pytest.approx(0.4 / 3**0.5, rel=0.02)


def test_a_generator_leaves_the_global_one_alone():
    like = torch.empty(5, dtype=torch.float64)
    torch.manual_seed(4)
    first, second = drawn(torch.rand, like, None), drawn(torch.rand, like, None)
    torch.manual_seed(4)
    assert torch.equal(drawn(torch.rand, like, None), first)
    own = drawn(torch.rand, like, torch.Generator().manual_seed(5))
    assert torch.equal(drawn(torch.rand, like, None), second)
    assert torch.equal(own, drawn(torch.rand, like, torch.Generator().manual_seed(5))) and own.dtype == torch.float64
