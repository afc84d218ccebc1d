"""Weighted attraction and repulsion against slow loops over queries, and their limits of uniform weights."""

import itertools
import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.cacr import CACR
from tests.kit.embeddings import several, units


def loop_cacr(z, plus, minus):
    u = units(z)
    count, size = len(u), len(u[0])

    def squared(a, b):
        return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))

    def weighted(distances, sharpness):
        weights = [math.exp(sharpness * d) for d in distances]
        return sum(w * d for w, d in zip(weights, distances, strict=True)) / sum(weights)

    attraction = repulsion = 0.0
    for x, i in itertools.product(range(count), range(size)):
        positives = [squared(u[x][i], u[k][i]) for k in range(count) if k != x]
        attraction += weighted(positives, plus) / (count * size)
    pairs = list(itertools.combinations(range(count), 2))
    for (x, y), i in itertools.product(pairs, range(size)):
        negatives = [squared(u[x][i], u[y][j]) for j in range(size) if j != i]
        repulsion += weighted(negatives, -minus) / (len(pairs) * size)
    return attraction - repulsion


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize(("plus", "minus"), [(1.0, 2.0), (0.0, 0.0), (0.5, 0.9)])
def test_cacr_equals_the_slow_loops(count, plus, minus):
    z = several(count)
    found = CACR(positive_sharpness=plus, negative_sharpness=minus).objective(*z)
    assert float(found) == pytest.approx(loop_cacr(z, plus, minus), rel=1e-4, abs=1e-5)


def test_cacr_of_equal_weights_is_the_mean_distance_of_positives_less_that_of_negatives():
    z = several(3)
    u = torch.stack([nn.functional.normalize(view) for view in z])
    apart = (u[:, None, :, None] - u[None, :, None]).square().sum(-1)
    between, other = ~torch.eye(3, dtype=torch.bool), ~torch.eye(5, dtype=torch.bool)
    expected = apart[between][:, ~other].mean() - apart[between][:, other].mean()
    found = CACR(positive_sharpness=0.0, negative_sharpness=0.0).objective(*z)
    torch.testing.assert_close(found, expected)


def test_cacr_pulls_the_far_positive_and_pushes_the_near_negative_more_as_it_sharpens():
    z = several(4)
    losses = [float(CACR(positive_sharpness=t, negative_sharpness=t).objective(*z)) for t in (0.0, 1.0, 30.0)]
    assert losses[0] < losses[1] < losses[2]
    # with two views the one positive weighs 1, however sharp
    two = [float(CACR(positive_sharpness=t).objective(*z[:2])) for t in (0.0, 9.0)]
    assert two[0] == pytest.approx(two[1], abs=1e-6)
