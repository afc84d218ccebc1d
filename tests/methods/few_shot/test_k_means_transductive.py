"""k-means with labelled points, by loops in float64."""

import pytest
import torch

from pipeline.methods.few_shot.k_means_transductive import KMeansTransductive
from tests.kit.few_shot import episodes, looked, turned


@pytest.mark.parametrize("shifted", [True, False])
@pytest.mark.parametrize("shots", [1, 3])
def test_against_loops(shots, shifted):
    method = looked(KMeansTransductive(shifted=shifted))
    support, labels, queries, _ = episodes(shots)
    found = method.classify(support, labels, queries)
    s, q = (method.normalised(part.double()) for part in (support, queries))
    for e in range(4):
        asked = q[e] + shifted * (s[e].mean(0) - q[e].mean(0))
        means = [s[e][labels[e] == c].mean(0) for c in range(3)]
        of = []
        while True:
            distances = [[float((x - m).square().sum()) for m in means] for x in asked]
            before, of = of, [row.index(min(row)) for row in distances]
            if of == before:
                break
            points, members = [*s[e], *asked], [*labels[e].tolist(), *of]
            means = [torch.stack([x for x, c in zip(points, members, strict=True) if c == k]).mean(0) for k in range(3)]
        torch.testing.assert_close(found[e], -torch.tensor(distances).float(), atol=1e-4, rtol=1e-4)


def test_where_queries_are_does_not_matter_when_shifted():
    method = looked(KMeansTransductive())
    support, labels, queries, _ = episodes()
    s, q = method.normalised(support), method.normalised(queries)
    found, usual = (
        method.assign(
            s, torch.nn.functional.one_hot(labels).float(), each + s.mean(1, keepdim=True) - each.mean(1, True)
        )
        for each in (q + 3.0, q)
    )
    torch.testing.assert_close(found, usual, atol=1e-4, rtol=1e-4)
    assert turned(method)


def test_labels_stay_where_the_support_is_all():
    """A query apart from all others takes its nearest mean."""
    method = looked(KMeansTransductive(shifted=False))
    support, labels, queries, _ = episodes()
    found = method.classify(support, labels, queries[:, :1])
    s, q = method.normalised(support), method.normalised(queries[:, :1])
    means = torch.stack([s[:, labels[0] == c].mean(1) for c in range(3)], 1)
    assert torch.equal(found.argmax(2), torch.cdist(q, means).argmin(2))
