"""Heads side by side, Omega's least value, and the least loss of a pair over its temperature, in closed form."""

import pytest
import torch
from torch import nn

from pipeline.ops.adaptive_heads import AdaptiveContrast, Heads, by_head, omega


def test_heads_stand_side_by_side_and_are_told_apart_again():
    torch.manual_seed(0)
    first, second, x = nn.Linear(3, 4), nn.Linear(3, 4), torch.randn(5, 3)
    found = by_head(Heads([first, second])(x), 2)
    torch.testing.assert_close(found, torch.stack([first(x), second(x)]))


@pytest.mark.parametrize("dim", [2, 5, 128])
def test_omega_is_least_at_two_over_the_width(dim):
    temperature = torch.tensor(2.0 / dim, dtype=torch.float64, requires_grad=True)
    omega(temperature, dim).backward()
    assert float(temperature.grad) == pytest.approx(0, abs=1e-9)


def test_a_pair_as_alike_as_can_be_has_the_lowest_temperature_and_one_opposed_the_highest():
    contrast = AdaptiveContrast(4, 0.1, 1.9, 0.0)
    cosines = torch.tensor([0.5, 0.5, 0.5])
    found = contrast.term(cosines, torch.tensor([60.0, 0.0, -60.0]))
    torch.testing.assert_close(found, 0.5 / torch.tensor([0.1, 1.05, 2.0]))
