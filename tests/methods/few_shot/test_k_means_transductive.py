"""k-means with labelled points."""

import torch

from pipeline.methods.few_shot.k_means_transductive import KMeansTransductive
from tests.kit.few_shot import episodes, looked, turned


def test_labels_are_of_the_nearest_means_that_they_make():
    method = looked(KMeansTransductive(shifted=False))
    support, labels, queries, _ = episodes()
    found = method.classify(support, labels, queries).argmax(2)
    s, q = method.normalised(support), method.normalised(queries)
    for e in range(4):
        points, of = torch.cat([s[e], q[e]]), torch.cat([labels[e], found[e]])
        means = torch.stack([points[of == c].mean(0) for c in range(3)])
        assert torch.equal(torch.cdist(q[e], means).argmin(1), found[e])


def test_where_queries_are_does_not_matter_when_shifted():
    method = looked(KMeansTransductive())
    support, _, queries, _ = episodes()
    s, q = method.normalised(support), method.normalised(queries)
    assert (q + s.mean(1, keepdim=True) - q.mean(1, keepdim=True)).mean(1).allclose(s.mean(1), atol=1e-5)
    assert turned(method)
