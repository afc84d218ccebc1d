"""Worst-case rises on a quadratic, whose answer is known; shares; mixtures."""

import math

import pytest
import torch

from pipeline.ops.curvature import Surface
from pipeline.ops.divergences import kl_of_logits
from pipeline.ops.weight_lines import mixed, stock_shares, worst_rise


def test_the_worst_rise_of_a_linear_loss_is_radius_times_the_scaled_slope():
    weight, slope = torch.tensor([1.0, -2.0, 0.5], requires_grad=True), torch.tensor([3.0, 1.0, -4.0])
    surface = Surface(lambda: [(weight * slope).sum()], [weight])
    size = surface.point.abs()
    want = 0.3 * math.sqrt(sum((a * b) ** 2 for a, b in zip(size.tolist(), slope.tolist(), strict=True)))
    assert worst_rise(surface, size, 0.3, 5) == pytest.approx(want, rel=1e-4)
    one = size * torch.tensor([0.0, 1.0, 0.0])
    assert worst_rise(surface, one, 0.3, 5) == pytest.approx(0.3 * 2.0, rel=1e-4)
    assert surface.point.tolist() == [1.0, -2.0, 0.5]


def test_the_worst_rise_of_a_quadratic_is_found_along_its_steepest_direction():
    weight = torch.tensor([0.01, 0.02], requires_grad=True)
    curvature = torch.tensor([1.0, 50.0])
    surface = Surface(lambda: [(curvature * weight.square()).sum() / 2], [weight])
    found = worst_rise(surface, torch.ones(2), 1.0, 20)
    # from w to w + u with |u| = 1: nearly 25 (1.02^2 - 0.02^2)
    assert found == pytest.approx(25 * (1.02**2 - 0.02**2), rel=1e-2)


def test_where_the_loss_falls_all_around_the_rise_is_0():
    weight = torch.zeros(2, requires_grad=True)
    surface = Surface(lambda: [-weight.square().sum()], [weight])
    assert worst_rise(surface, torch.ones(2), 1.0, 3) == 0.0


def test_mixtures_of_states_take_counters_from_the_end():
    start, end = ({"w": torch.tensor([value, 4.0]), "n": torch.tensor(int(value))} for value in (0.0, 8.0))
    found = mixed(start, end, 0.25)
    assert found["w"].tolist() == [2.0, 4.0] and found["n"].item() == 8


def test_copies_that_have_not_moved_have_no_share():
    still = [torch.ones(3)]
    assert stock_shares(still, [still, still])[0].item() == 0.0


def test_divergence_of_logits():
    p, q = torch.tensor([[0.0, math.log(3.0)]]), torch.zeros(1, 2)
    want = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    assert kl_of_logits(p, q).item() == pytest.approx(want, rel=1e-6)
    assert kl_of_logits(p, p + 5.0).item() == pytest.approx(0.0, abs=1e-6)
