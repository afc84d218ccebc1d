import pytest
import torch

from pipeline.ops.balanced_clusters import balanced_clusters


@pytest.fixture
def draws():
    return torch.Generator().manual_seed(1)


@pytest.mark.parametrize(("count", "size"), [(24, 3), (25, 4), (7, 1), (5, 9), (64, 8)])
def test_sizes_are_even_and_every_point_is_in_one(count, size, draws):
    numbers = balanced_clusters(torch.randn(count, 5, generator=draws), size, draws)
    sizes = torch.bincount(numbers)
    assert int(sizes.sum()) == count and int(sizes.max()) <= size and int(sizes.min()) >= min(count, (size + 1) // 2)
    assert sorted(numbers.unique().tolist()) == list(range(len(sizes)))


def test_two_clouds_are_cut_between_them_whatever_their_lengths(draws):
    group = torch.arange(20) % 2
    points = torch.eye(2, 6)[group] + 0.05 * torch.randn(20, 6, generator=draws)
    numbers = balanced_clusters(points * (1 + torch.arange(20))[:, None], 10, draws)
    assert torch.equal(numbers, numbers[0] * (group == group[0]) + numbers[1] * (group == group[1]))


def test_clusters_are_closer_than_chance(draws):
    points = torch.nn.functional.normalize(torch.randn(256, 4, generator=draws))
    numbers = balanced_clusters(points, 8, draws)
    same = numbers[:, None] == numbers
    cosines = points @ points.T
    assert cosines[same].mean() > cosines.mean() + 0.4


def test_equal_points_are_cut_too(draws):
    assert torch.bincount(balanced_clusters(torch.ones(8, 3), 2, draws)).tolist() == [2] * 4


def test_the_same_draws_give_the_same_clusters():
    points = torch.randn(30, 3, generator=torch.Generator().manual_seed(2))
    first, again = (balanced_clusters(points, 4, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
