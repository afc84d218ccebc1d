"""Herding, farthest points and facility location by loops, and what each promises."""

import math

import pytest
import torch

from pipeline.ops.coresets import euclidean_similarity, facility_location, farthest_points, herding


@pytest.fixture
def points():
    return torch.randn(14, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_herding_against_loops(points):
    rows, dims = points.tolist(), range(3)
    mean = [sum(row[d] for row in rows) / len(rows) for d in dims]
    weights, expected = list(mean), []
    for _ in range(8):
        free = [i for i in range(len(rows)) if i not in expected]
        place = max(free, key=lambda i: sum(weights[d] * rows[i][d] for d in dims))
        expected.append(place)
        weights = [weights[d] + mean[d] - rows[place][d] for d in dims]
    assert herding(points, 8).tolist() == expected


def test_herding_of_unit_vectors_brings_the_mean_as_near_as_one_more_can(points):
    unit = torch.nn.functional.normalize(points)
    taken = herding(unit, 9).tolist()
    for number in range(9):
        sums = unit[taken[:number]].sum(0)
        left = [i for i in range(14) if i not in taken[:number]]
        gaps = {i: float(((sums + unit[i]) / (number + 1) - unit.mean(0)).norm()) for i in left}
        assert gaps[taken[number]] == pytest.approx(min(gaps.values()))


def test_moments_of_a_herd_approach_those_of_the_data_faster_than_random_ones():
    torch.manual_seed(0)
    many = torch.nn.functional.normalize(torch.randn(2000, 4))
    gaps = {}
    for count in (20, 80):
        herd = (many[herding(many, count)].mean(0) - many.mean(0)).norm()
        draws = torch.stack([(many[torch.randperm(2000)[:count]].mean(0) - many.mean(0)).norm() for _ in range(50)])
        gaps[count] = (float(herd), float(draws.mean()))
    assert gaps[20][0] < 0.5 * gaps[20][1] and gaps[80][0] < 0.25 * gaps[80][1]


def test_farthest_points_against_loops(points):
    rows, expected = points.tolist(), [5]
    while len(expected) < 6:
        gaps = {i: min(math.dist(rows[i], rows[j]) for j in expected) for i in range(14) if i not in expected}
        expected.append(max(gaps, key=gaps.get))
    assert farthest_points(points, 6, 5).tolist() == expected


def test_points_that_are_all_alike_are_each_taken_once():
    same = torch.ones(6, 2)
    assert sorted(farthest_points(same, 6, 3).tolist()) == list(range(6))
    assert sorted(herding(same, 6).tolist()) == list(range(6))
    places, served = facility_location(euclidean_similarity(same), 6)
    assert sorted(places.tolist()) == list(range(6)) and served.min() == 1


def test_facility_location_against_loops(points):
    rows = points.tolist()
    near = [[math.exp(-math.dist(a, b) / 3) for b in rows] for a in rows]
    torch.testing.assert_close(euclidean_similarity(points), torch.tensor(near, dtype=torch.float64))
    expected = []
    while len(expected) < 5:
        worth = {
            j: sum(max(near[i][k] for k in [*expected, j]) for i in range(14)) for j in range(14) if j not in expected
        }
        expected.append(max(worth, key=worth.get))
    places, served = facility_location(torch.tensor(near, dtype=torch.float64), 5)
    assert places.tolist() == expected
    counts = [0] * 5
    for i in range(14):
        counts[max(range(5), key=lambda place: near[i][expected[place]])] += 1
    assert served.tolist() == counts and sum(counts) == 14


def test_as_the_authors_code_finds_them():
    """Places of a class and what they weigh, from data-efficient-augmentation (utils/craig.py) with submodlib."""
    draw = torch.Generator().manual_seed(4)
    points = (2 * torch.randn(20, 5, generator=draw, dtype=torch.float64)).softmax(1)
    places, served = facility_location(euclidean_similarity(points), 5)
    assert places.tolist() == [6, 8, 16, 0, 3] and served.tolist() == [7, 2, 4, 3, 4]
