"""The greedy k-centre choice by loops, and its promise: within twice the best radius."""

import itertools
import math

import torch

from pipeline.methods.selection.k_centre_subset import KCentreSubset
from pipeline.ops.coresets import farthest_points
from tests.kit.methods import Training, made
from tests.kit.selection import errors_and_features


def test_against_loops():
    method, training = made(KCentreSubset, share=0.15), Training()
    torch.manual_seed(5)
    first = int(torch.randint(48, ()))
    torch.manual_seed(5)
    with torch.no_grad():
        found = method.select(training).tolist()
    _, features = errors_and_features(method, training)
    expected = [first]
    while len(expected) < 7:
        gaps = {i: min(math.dist(features[i], features[j]) for j in expected) for i in range(48)}
        expected.append(max(gaps, key=gaps.get))
    assert found == expected


def test_no_ball_is_more_than_twice_as_large_as_need_be():
    points = torch.randn(10, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    near = torch.cdist(points, points)
    best = min(float(near[:, list(three)].amin(1).max()) for three in itertools.combinations(range(10), 3))
    for first in range(10):
        places = farthest_points(points, 3, first)
        assert best <= float(near[:, places].amin(1).max()) <= 2 * best
