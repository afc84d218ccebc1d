"""Rectified prototypes and neighbours that agree, by loops in float64."""

import math

import pytest
import torch

from pipeline.methods.few_shot.laplacian_shot import LaplacianShot
from pipeline.methods.few_shot.nearest_centroid import NearestCentroid
from tests.kit.few_shot import episodes, looked, turned


def softmax(values):
    exponentials = [math.exp(value - max(values)) for value in values]
    return [value / sum(exponentials) for value in exponentials]


def by_loops(support, labels, queries, lam, steps, rectified):
    """Assignments (Q, K) of one episode's CL2N points."""
    classes, cosine = range(int(labels.max()) + 1), torch.nn.functional.cosine_similarity
    queries = queries + support.mean(0) - queries.mean(0)
    prototypes = [support[labels == c].mean(0) for c in classes]
    if rectified:
        points, totals, counts = [*support, *queries], [0.0 * support[0] for _ in classes], [0] * len(classes)
        for i, x in enumerate(points):
            cosines = [float(cosine(x, m, dim=0)) for m in prototypes]
            c = int(labels[i]) if i < len(labels) else cosines.index(max(cosines))
            totals[c] = totals[c] + softmax([10 * value for value in cosines])[c] * x
            counts[c] += 1
        prototypes = [total / count for total, count in zip(totals, counts, strict=True)]
    costs = [[float((q - m).square().sum()) for m in prototypes] for q in queries]
    near = []
    for i, q in enumerate(queries):
        apart = [(float((q - other).norm()), j) for j, other in enumerate(queries) if j != i]
        near.append([j for _, j in sorted(apart)[:2]])
    found = [softmax([-a for a in row]) for row in costs]
    for _ in range(steps):
        found = [
            softmax([lam * sum(found[j][c] for j in near[i]) - costs[i][c] for c in classes])
            for i in range(len(queries))
        ]
    return torch.tensor(found)


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("shots", [1, 3])
def test_against_loops(shots, rectified):
    method = looked(LaplacianShot(lam=0.7, steps=3, rectified=rectified))
    support, labels, queries, _ = episodes(shots)
    found = method.classify(support, labels, queries)
    s, q = (method.normalised(part.double()) for part in (support, queries))
    for e in range(4):
        torch.testing.assert_close(
            found[e], by_loops(s[e], labels[e], q[e], 0.7, 3, rectified).float(), atol=1e-4, rtol=1e-4
        )


def test_without_its_parts_it_is_the_nearest_mean():
    given = episodes()[:3]
    found = looked(LaplacianShot(lam=0.0, rectified=False, shifted=False)).classify(*given)
    assert torch.equal(found.argmax(2), looked(NearestCentroid()).classify(*given).argmax(2))


def test_each_part_changes_scores():
    given = episodes()[:3]
    first = looked(LaplacianShot(lam=0.7)).classify(*given)
    for change in ({"lam": 0.0}, {"rectified": False}, {"shifted": False}, {"sharpness": 1.0}):
        assert not torch.allclose(first, looked(LaplacianShot(**{"lam": 0.7, **change})).classify(*given))
    assert turned(looked(LaplacianShot(lam=0.7)))
