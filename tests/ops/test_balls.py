"""Shifts in a ball: projection onto it, the direction in which a linear loss rises most, draws from all of it."""

import pytest
import torch

from pipeline.ops.balls import L2, Linf, drawn


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


# the Euclidean ball


def test_its_projection_is_the_nearest_shift_inside():
    ball, shift = L2(0.5), torch.tensor([[[3.0, 4.0]], [[0.3, 0.0]]])
    torch.testing.assert_close(ball.project(shift), torch.tensor([[[0.3, 0.4]], [[0.3, 0.0]]]))
    inside = ball.uniform(torch.empty(500, 1, 2), torch.Generator().manual_seed(0))
    assert ((shift[0] - ball.project(shift)[0]).norm() <= (shift[0] - inside).norm(dim=(1, 2)) + 1e-6).all()
    assert torch.equal(ball.norm(shift), torch.tensor([5.0, 0.3]))


@pytest.mark.parametrize("scale", [1.0, 1e-25, 0.0])
def test_its_steepest_direction_is_the_slopes_own_however_small(scale):
    slope = scale * torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(1))
    best = L2(1.0).steepest(slope)
    torch.testing.assert_close(best.flatten(1).norm(dim=1), torch.full((4,), 1.0 if scale else 0.0))
    others = L2(1.0).uniform(torch.empty(500, 4, 2, 3).flatten(0, 1), torch.Generator().manual_seed(2))
    reached = (others.view(500, 4, 2, 3) * slope).sum((2, 3))
    assert (reached <= (best * slope).sum((1, 2)) + 1e-30).all()


def test_its_draws_fill_it_evenly():
    """The share within half the radius is 2^-d, and no direction is preferred."""
    drawn_shifts = L2(2.0).uniform(torch.empty(20000, 3), torch.Generator().manual_seed(3))
    lengths = drawn_shifts.norm(dim=1)
    assert lengths.max() <= 2.0 + 1e-6
    assert (lengths < 1).double().mean().item() == pytest.approx(1 / 8, abs=0.01)
    assert drawn_shifts.mean(0).abs().max().item() < 0.03


@pytest.mark.parametrize("kind", [Linf, L2])
def test_every_input_may_have_a_radius_of_its_own(kind):
    radii = torch.tensor([0.1, 0.5, 2.0])
    ball, like = kind(radii.view(3, 1, 1)), torch.empty(3, 2, 2)
    for shift in (ball.uniform(like, torch.Generator().manual_seed(0)), ball.project(torch.full((3, 2, 2), 9.0))):
        assert (ball.norm(shift) <= radii + 1e-6).all()
    torch.testing.assert_close(ball.norm(ball.project(torch.full((3, 2, 2), 9.0))), radii)
    for i, radius in enumerate(radii.tolist()):
        alone = kind(radius).project(torch.full((1, 2, 2), 9.0))
        torch.testing.assert_close(ball.project(torch.full((3, 2, 2), 9.0))[i : i + 1], alone)
