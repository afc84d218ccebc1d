"""k-means whose queries agree with neighbours, by loops in float64."""

import math

import pytest
import torch

from pipeline.methods.few_shot.k_means_transductive import KMeansTransductive
from pipeline.methods.few_shot.slk_means import SLKMeans
from tests.kit.few_shot import episodes, looked, turned


def softmax(values):
    exponentials = [math.exp(value - max(values)) for value in values]
    return [value / sum(exponentials) for value in exponentials]


def by_loops(support, labels, queries, lam):
    """Labels (Q,) of one episode's CL2N points: to the end, by hundreds of steps."""
    queries = queries + support.mean(0) - queries.mean(0)
    points, classes = torch.cat([support, queries]), range(int(labels.max()) + 1)
    shots = len(support)
    near = []
    for i, x in enumerate(points):
        apart = [(float((x - other).norm()), j) for j, other in enumerate(points) if j != i]
        near.append([j for _, j in sorted(apart)[:2]])
    known = [[float(c == int(label)) for c in classes] for label in labels]
    prototypes = [support[labels == c].mean(0) for c in classes]
    distances = [[float((q - m).square().sum()) for m in prototypes] for q in queries]
    of = [row.index(min(row)) for row in distances]
    for _ in range(50):
        members = [*labels.tolist(), *of]
        prototypes = [torch.stack([x for x, c in zip(points, members, strict=True) if c == k]).mean(0) for k in classes]
        costs = [[float((q - m).square().sum()) for m in prototypes] for q in queries]
        found = known + [softmax([-a for a in row]) for row in costs]
        for _ in range(200):
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
    method = looked(SLKMeans(lam=0.5))
    support, labels, queries, _ = episodes(shots, count=3)
    found = method.classify(support, labels, queries)
    s, q = (method.normalised(part.double()) for part in (support, queries))
    for e in range(3):
        torch.testing.assert_close(found[e], by_loops(s[e], labels[e], q[e], 0.5).float(), atol=1e-3, rtol=0.0)


def test_without_neighbours_it_is_k_means():
    given = episodes()[:3]
    found = [looked(method).classify(*given).argmax(2) for method in (SLKMeans(lam=0.0), KMeansTransductive())]
    assert torch.equal(*found)


def test_neighbours_change_scores_and_episodes_do_not_touch():
    given = episodes()[:3]
    found = [looked(SLKMeans(lam=lam)).classify(*given) for lam in (0.0, 1.0)]
    assert not torch.allclose(*found) and turned(looked(SLKMeans(lam=0.5)))
