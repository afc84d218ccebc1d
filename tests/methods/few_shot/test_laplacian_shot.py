"""Rectified prototypes and neighbours that agree."""

import torch

from pipeline.methods.few_shot.laplacian_shot import LaplacianShot
from tests.kit.few_shot import episodes, looked, turned


def test_against_loops():
    method = looked(LaplacianShot(lam=0.7, steps=3, rectified=False, shifted=False))
    support, labels, queries, _ = episodes()
    found = method.classify(support, labels, queries)
    s, q = method.normalised(support), method.normalised(queries)
    for e in range(4):
        means = torch.stack([s[e][labels[e] == c].mean(0) for c in range(3)])
        a = torch.cdist(q[e], means).square()
        near = [[j for j in torch.cdist(q[e], q[e])[i].argsort().tolist() if j != i][:3] for i in range(15)]
        z = (-a).softmax(1)
        for _ in range(3):
            z = torch.stack([(0.7 * z[near[i]].sum(0) - a[i]).softmax(0) for i in range(15)])
        torch.testing.assert_close(found[e], z, atol=1e-4, rtol=1e-4)


def test_each_part_changes_scores():
    given = episodes()[:3]
    first = looked(LaplacianShot(lam=0.7)).classify(*given)
    for change in ({"lam": 0.0}, {"rectified": False}, {"shifted": False}):
        assert not torch.allclose(first, looked(LaplacianShot(**{"lam": 0.7, **change})).classify(*given))
    assert turned(looked(LaplacianShot(lam=0.7)))
