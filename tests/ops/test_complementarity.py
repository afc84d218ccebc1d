"""Bounds and products that must vanish, of well and badly conditioned matrices; and a search over all sets."""

import itertools

import pytest
import torch

from pipeline.ops.complementarity import solved


def problem(size, rank, seed, rows=6):
    make = torch.Generator().manual_seed(seed)
    half = torch.randn(size, rank, generator=make, dtype=torch.float64)
    half *= torch.logspace(0, -2, size, dtype=torch.float64)[:, None]
    matrix = half @ half.T
    matrix = matrix / matrix.trace() + 1e-6 * torch.eye(size, dtype=torch.float64)
    return matrix, torch.randn(rows, size, generator=make, dtype=torch.float64)


@pytest.mark.parametrize(("size", "rank", "seed"), [(4, 9, 0), (32, 200, 1), (32, 6, 2), (50, 40, 3), (1, 1, 4)])
def test_no_bound_is_broken_and_one_of_each_pair_is_zero(size, rank, seed):
    matrix, offsets = problem(size, rank, seed)
    solution = solved(matrix, offsets)
    slope = solution @ matrix + offsets
    assert solution.min() >= 0 and slope.min() > -1e-9
    assert (solution / solution.abs().amax().clamp_min(1.0) * slope).abs().max() < 1e-9


def test_against_all_sets_of_free_variables():
    matrix, offsets = problem(4, 3, 5)
    for row, found in zip(offsets, solved(matrix, offsets), strict=True):
        best = 0.0
        for free in itertools.chain.from_iterable(itertools.combinations(range(4), size) for size in range(1, 5)):
            there = torch.zeros(4, dtype=torch.float64)
            there[list(free)] = torch.linalg.solve(matrix[list(free)][:, list(free)], -row[list(free)])
            if there.min() >= 0:
                best = min(best, float(there @ matrix @ there / 2 + row @ there))
        assert float(found @ matrix @ found / 2 + row @ found) == pytest.approx(best, rel=1e-9)


def test_where_nothing_pulls_all_stay_at_zero():
    matrix, _ = problem(5, 9, 0)
    assert torch.equal(solved(matrix, torch.ones(2, 5, dtype=torch.float64)), torch.zeros(2, 5, dtype=torch.float64))


def test_of_a_matrix_that_is_not_finite_no_solution_is_a_number():
    assert solved(torch.full((3, 3), float("nan")), -torch.ones(2, 3)).isnan().all()
