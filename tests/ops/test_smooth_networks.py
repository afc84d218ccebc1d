"""Gradients by finite differences, Laplacians and slopes by loops."""

import math

import numpy as np
import pytest

from pipeline.ops.smooth_networks import Graph, TanhNetwork, cross_entropy, softmax

RANDOM = np.random.default_rng(3)
POINTS = RANDOM.normal(size=(9, 2))
GRAPH = Graph.of(POINTS, 0.2)
WEIGHTS = RANDOM.uniform(size=9)


def penalty(z):
    """tr((diag(w) P)^T L P) by loops: half the weighted squares for equal weights, if L is not normalised."""
    p = softmax(z)
    return sum(
        WEIGHTS[i] * p[i, k] * GRAPH.laplacian[i, j] * p[j, k]
        for i in range(9)
        for j in range(9)
        for k in range(z.shape[1])
    )


def test_the_laplacian_by_loops():
    w = [[0.0] * 9 for _ in range(9)]
    for i in range(9):
        for j in range(9):
            value = math.exp(-((POINTS[i] - POINTS[j]) ** 2).sum() / 0.8)
            w[i][j] = value if i != j and value > 0.1 else 0.0
    d = [sum(row) for row in w]
    assert 0 < sum(value > 0 for row in w for value in row) < 72
    for i in range(9):
        for j in range(9):
            want = float(i == j and d[i] > 0) - (w[i][j] / math.sqrt(d[i] * d[j]) if w[i][j] else 0.0)
            assert GRAPH.laplacian[i, j] == pytest.approx(want)


def test_the_slope_of_the_penalty_by_differences():
    z, step = RANDOM.normal(size=(9, 3)), 1e-6
    found = GRAPH.slope(z, WEIGHTS)
    for i in range(9):
        for k in range(3):
            off = np.zeros_like(z)
            off[i, k] = step
            assert found[i, k] == pytest.approx((penalty(z + off) - penalty(z - off)) / (2 * step), abs=1e-7)


@pytest.mark.parametrize("neighbours", [True, False])
def test_the_steepest_ways_by_loops(neighbours):
    p = softmax(RANDOM.normal(size=(9, 3)))
    found = GRAPH.slopes(p, neighbours)
    for i in range(9):
        ways = [
            np.abs(p[i] - p[j]).sum() / GRAPH.distances[i, j]
            for j in range(9)
            if j != i and (not neighbours or GRAPH.edges[i, j])
        ]
        assert found[i] == pytest.approx(max(ways, default=0.0))


def test_a_step_goes_down_by_the_gradient():
    network, x, labels = TanhNetwork.drawn(RANDOM, 2, 5, 3), RANDOM.normal(size=(4, 2)), np.array([0, 1, 2, 1])
    before, moved, rate = network.copy(), network.copy(), 0.3
    moved.descend(x, cross_entropy(network(x), labels)[1], rate)
    for name in ("inner", "bias", "outer"):
        value, after = getattr(network, name), getattr(moved, name)
        for place in np.ndindex(value.shape):
            kept = value[place]
            losses = []
            for sign in (1, -1):
                value[place] = kept + sign * 1e-6
                losses.append(cross_entropy(network(x), labels)[0])
            value[place] = kept
            gradient = (losses[0] - losses[1]) / 2e-6
            assert (getattr(before, name)[place] - after[place]) / rate == pytest.approx(gradient, abs=1e-7)


def test_cross_entropy_by_loops():
    z, labels = RANDOM.normal(size=(4, 3)), np.array([2, 0, 1, 1])
    want = sum(math.log(sum(math.exp(v) for v in row)) - row[y] for row, y in zip(z.tolist(), labels, strict=True)) / 4
    assert cross_entropy(z, labels)[0] == pytest.approx(want)
