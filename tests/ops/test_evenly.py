"""All pairs of points and centres from near to far, joined one at a time."""

import itertools

import pytest
import torch

from pipeline.ops.evenly import evenly
from tests.kit.methods import pair


def greedy(points, centres):
    """First N // K each, then one more."""
    distances = torch.cdist(points, centres)
    pairs = sorted(itertools.product(range(len(points)), range(len(centres))), key=lambda p: distances[p].item())
    place, sizes = {}, [0] * len(centres)
    for room in (len(points) // len(centres), len(points) // len(centres) + 1):
        start = list(sizes)
        for i, k in pairs:
            if i not in place and sizes[k] < room and (room == len(points) // len(centres) or sizes[k] == start[k]):
                place[i] = k
                sizes[k] += 1
    return [place[i] for i in range(len(points))]


@pytest.mark.parametrize("count, clusters", [(12, 4), (14, 4), (7, 3), (5, 1), (6, 6), (40, 7)])
def test_the_nearest_pairs_are_joined_first(count, clusters):
    points, _ = pair(count, 3, seed=count)
    centres, _ = pair(clusters, 3, seed=clusters + 100)
    got = evenly(points, centres)
    assert got.tolist() == greedy(points, centres)
    sizes = torch.bincount(got, minlength=clusters)
    assert sizes.max() - sizes.min() <= 1
