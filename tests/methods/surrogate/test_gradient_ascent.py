"""The loss by a loop, and an ascent by differences of the score, each design by itself."""

import pytest
import torch

from pipeline.methods.surrogate.gradient_ascent import GradientAscent
from tests.kit.surrogates import batch, designs, surrogate


def test_the_loss_is_the_mean_of_squares():
    method, given = surrogate(GradientAscent), batch()
    errors = [
        (float(method.score(row[None])) - float(y)) ** 2 for row, y in zip(given.views[0], given.labels, strict=True)
    ]
    assert float(method.loss(given).detach()) == pytest.approx(sum(errors) / len(errors))


def test_it_climbs_by_the_slope_of_each_design():
    method, starts, small = surrogate(GradientAscent), designs(5), 1e-6
    path = method.search(starts, 3, 0.05, torch.Generator())
    assert len(path) == 4 and torch.equal(path[0], starts)
    at = starts.clone()
    for step in range(3):
        moved = at.clone()
        for i in range(5):
            for j in range(4):
                beside = torch.zeros(4, dtype=torch.float64)
                beside[j] = small
                slope = (method.score((at[i] + beside)[None]) - method.score((at[i] - beside)[None])) / (2 * small)
                moved[i, j] += 0.05 * 2.0 * float(slope)
        at = moved
        torch.testing.assert_close(path[step + 1], at, rtol=1e-6, atol=1e-7)


def test_designs_do_not_sway_each_other():
    method, starts = surrogate(GradientAscent), designs(6)
    together = method.search(starts, 4, 0.05, torch.Generator())[-1]
    alone = torch.cat([method.search(row[None], 4, 0.05, torch.Generator())[-1] for row in starts])
    torch.testing.assert_close(together, alone)
    assert all(weight.grad is None for weight in method.parameters())
