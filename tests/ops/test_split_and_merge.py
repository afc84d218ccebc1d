"""Clusters that are two are split, clusters that are one are merged, and those that stay, stay."""

import torch

from pipeline.ops.normal_inverse_wishart import Prior
from pipeline.ops.split_and_merge import split_and_merge

CENTRES = torch.tensor([[0.0, 0], [6, 0], [0, 6], [6, 6], [3, 12]])


def blobs(count=60):
    draws = torch.Generator().manual_seed(0)
    truth = torch.arange(5).repeat_interleave(count)
    points = CENTRES[truth] + 0.5 * torch.randn(5 * count, 2, generator=draws)
    return points.double(), truth


def rounds(points, numbers, fixed, number=3, **given):
    torch.manual_seed(0)
    for _ in range(number):
        numbers = split_and_merge(points, numbers, fixed, Prior(points.mean(0), 1e-4, 3, 0.005), **given)
    return numbers


def same(one, other):
    return torch.equal(one[:, None] == one, other[:, None] == other)


def test_too_few_and_too_many_become_as_many_as_there_are():
    points, truth = blobs()
    assert same(rounds(points, torch.tensor([0, 1, 1, 2, 2])[truth], 1), truth)
    halved = 2 * truth + (points[:, 0] > CENTRES[truth][:, 0]).long()
    halved[truth == 0] = 0
    found = rounds(points, halved.unique(return_inverse=True)[1], 1)
    assert same(found, truth) and torch.equal(found == 0, truth == 0)


def test_clusters_that_stay_are_neither_split_nor_merged():
    points, truth = blobs()
    numbers = torch.tensor([0, 0, 1, 2, 2])[truth]
    found = rounds(points, numbers, 2)
    assert torch.equal(found == 0, numbers == 0) and torch.equal(found == 1, numbers == 1)
    assert len(found.unique()) == 4


def test_there_is_a_largest_number_and_a_smallest_cluster():
    points, truth = blobs()
    assert int(rounds(points, torch.tensor([0, 1, 1, 2, 2])[truth], 1, most=4).max()) + 1 == 4
    few = torch.cat([points[truth < 2], points[truth == 2][:4]])
    numbers = torch.cat([truth[truth < 2], torch.ones(4, dtype=torch.long)])
    assert int(rounds(few, numbers, 1, smallest=6).max()) == 1
    assert int(rounds(few, numbers, 1, smallest=2).max()) == 2


def test_numbers_have_no_gap_and_single_points_are_no_trouble():
    points, truth = blobs()
    numbers = torch.where(truth == 3, 7, truth)
    numbers[0] = 5
    found = rounds(points, numbers, 1, number=1)
    assert torch.equal(found.unique(), torch.arange(int(found.max()) + 1))
