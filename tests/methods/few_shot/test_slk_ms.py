"""Modes in place of means, by loops in float64."""

import math

import pytest
import torch

from pipeline.methods.few_shot.slk_ms import SLKMS
from tests.kit.few_shot import episodes, looked, turned
from tests.methods.few_shot.test_slk_means import softmax


def mode(points, start, variance):
    for _ in range(1000):
        weights = [math.exp(-float((x - start).square().sum()) / (2 * variance)) for x in points]
        moved = sum(w * x for w, x in zip(weights, points, strict=True)) / sum(weights)
        if float((moved - start).norm()) < 1e-7:
            break
        start = moved
    return start


def by_loops(support, labels, queries, lam):
    """Assignments (Q, K) of one episode's CL2N points: to the end, by hundreds of steps."""
    queries = queries + support.mean(0) - queries.mean(0)
    points, classes, shots = torch.cat([support, queries]), range(int(labels.max()) + 1), len(support)
    near, squares = [], []
    for i, x in enumerate(points):
        apart = sorted((float((x - other).square().sum()), j) for j, other in enumerate(points) if j != i)[:2]
        near.append([j for _, j in apart])
        squares += [value for value, _ in apart]
    variance = sum(squares) / (5 * len(points))
    known = [[float(c == int(label)) for c in classes] for label in labels]
    modes = [support[labels == c].mean(0) for c in classes]
    distances = [[float((q - m).square().sum()) for m in modes] for q in queries]
    of = [row.index(min(row)) for row in distances]
    for _ in range(50):
        members = [*labels.tolist(), *of]
        modes = [mode([x for x, c in zip(points, members, strict=True) if c == k], modes[k], variance) for k in classes]
        costs = [[-math.exp(-float((q - m).square().sum()) / (2 * variance)) for m in modes] for q in queries]
        found = known + [softmax([-a for a in row]) for row in costs]
        for _ in range(100):
            moved = [
                softmax([lam * sum(found[j][c] for j in near[shots + i]) - costs[i][c] for c in classes])
                for i in range(len(queries))
            ]
            found = known + moved
        before, of = of, [row.index(max(row)) for row in found[shots:]]
        if of == before:
            break
    return torch.tensor(found[shots:])


@pytest.mark.parametrize("shots", [1, 3])
def test_against_loops(shots):
    method = looked(SLKMS(lam=0.5, shifts=1000))
    support, labels, queries, _ = episodes(shots, count=2)
    found = method.classify(support, labels, queries)
    s, q = (method.normalised(part.double()) for part in (support, queries))
    for e in range(2):
        torch.testing.assert_close(found[e], by_loops(s[e], labels[e], q[e], 0.5).float(), atol=5e-3, rtol=0.0)


def test_with_a_wide_kernel_modes_are_means():
    method = SLKMS(shifts=50)
    method.variance = torch.full((1, 1, 1), 1e6)
    points, members = torch.randn(1, 8, 3, generator=torch.Generator().manual_seed(0)), torch.eye(2).repeat(4, 1)[None]
    found = method.prototypes(points, members, torch.zeros(1, 2, 3), torch.tensor([0]))
    torch.testing.assert_close(
        found[0], torch.stack([points[0, 0::2].mean(0), points[0, 1::2].mean(0)]), atol=1e-4, rtol=0
    )


def test_a_mode_stays_where_points_are_densest_and_episodes_do_not_touch():
    method = SLKMS(shifts=50)
    method.variance = torch.full((1, 1, 1), 0.05)
    points = torch.tensor([[[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [3.0, 3.0]]])
    found = method.prototypes(points, torch.ones(1, 4, 1), torch.tensor([[[0.3, 0.3]]]), torch.tensor([0]))
    assert found.norm() < 0.15 and turned(looked(SLKMS(lam=0.5)))


def test_neighbours_and_the_width_change_scores():
    given = episodes()[:3]
    first = looked(SLKMS(lam=1.0)).classify(*given)
    for change in ({"lam": 0.0}, {"bandwidth": 4.0}, {"neighbours": 4}, {"shifted": False}):
        assert not torch.allclose(first, looked(SLKMS(**{"lam": 1.0, **change})).classify(*given))
