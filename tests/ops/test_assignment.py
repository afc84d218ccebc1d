"""The cheapest pairing, against scipy and against all permutations."""

import itertools

import pytest
import torch
from scipy.optimize import linear_sum_assignment

from pipeline.ops.assignment import assignment


@pytest.mark.parametrize("kind", ["real", "ties", "large"])
@pytest.mark.parametrize("size", [1, 2, 5, 12, 32])
def test_against_scipy(size, kind):
    for seed in range(6):
        draws = torch.Generator().manual_seed(seed)
        if kind == "ties":
            costs = torch.randint(0, 4, (size, size), generator=draws).float()
        else:
            costs = torch.randn(size, size, generator=draws) * (1e6 if kind == "large" else 1.0)
        found = assignment(costs)
        assert sorted(found.tolist()) == list(range(size))
        rows, columns = linear_sum_assignment(costs.double().numpy())
        want = costs.double().numpy()[rows, columns].sum()
        assert costs.double()[torch.arange(size), found].sum().item() == pytest.approx(want, rel=1e-12, abs=1e-9)


def test_against_all_permutations():
    costs = torch.rand(5, 5, generator=torch.Generator().manual_seed(3))
    want = min(itertools.permutations(range(5)), key=lambda order: sum(costs[i, j] for i, j in enumerate(order)))
    assert assignment(costs).tolist() == list(want)


def test_what_is_added_to_a_row_or_a_column_changes_nothing():
    draws = torch.Generator().manual_seed(4)
    costs = torch.rand(9, 9, generator=draws, dtype=torch.float64)
    moved = costs + 10 * torch.rand(9, 1, generator=draws) - 5 * torch.rand(1, 9, generator=draws)
    assert torch.equal(assignment(moved), assignment(costs))


def test_no_rows_have_no_columns():
    assert assignment(torch.zeros(0, 0)).shape == (0,)
