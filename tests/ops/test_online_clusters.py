"""A memory's neighbours, clusters and means by slow loops over its examples, before and after clusters are renewed."""

import torch
from torch import nn

from pipeline.ops.online_clusters import OnlineClusters


def clusters(examples=60, dim=4, count=5, smallest=2):
    torch.manual_seed(2)
    memory = OnlineClusters(examples, dim, count, smallest)
    memory.restart(torch.randn(examples, dim))
    return memory


def test_negatives_are_near_of_other_clusters_and_positives_of_the_same():
    memory, places = clusters(), torch.arange(60)
    torch.manual_seed(1)
    queries = nn.functional.normalize(torch.randn(60, 4))
    drawn, other = memory.semi_hard(queries, places, 30, 5)
    assert all(len(set(row)) == 5 for row in drawn.tolist()), "without replacement"
    for i in range(60):
        near = sorted(range(60), key=lambda j: -float(queries[i] @ memory.features[j]))[:30]
        assert set(drawn[i].tolist()) <= set(near)
        rest = [j for j in near if memory.labels[j] != memory.labels[i]]
        assert int(other[i].sum()) == min(5, len(rest))
        assert (memory.labels[drawn[i]] != memory.labels[i]).equal(other[i])
    seen = torch.stack([memory.alike(places) for _ in range(200)])
    assert (memory.labels[seen] == memory.labels).all()
    for i in range(60):
        assert set(seen[:, i].tolist()) == set((memory.labels == memory.labels[i]).nonzero().flatten().tolist())


def test_a_pushed_feature_joins_the_cluster_nearest_to_it_and_means_wait_for_renewal():
    memory = clusters()
    means = memory.means.clone()
    new = nn.functional.normalize(torch.randn(3, 4))
    memory.push(torch.tensor([5, 0, 9]), new)
    assert torch.equal(memory.features[[5, 0, 9]], new) and torch.equal(memory.means, means)
    assert memory.labels[[5, 0, 9]].tolist() == [int((means @ f).argmax()) for f in new]
    memory.smallest = 0
    memory.renew()
    for c in range(5):
        torch.testing.assert_close(memory.means[c], memory.features[memory.labels == c].mean(0))


def test_small_clusters_are_dissolved_and_take_part_of_large_ones():
    memory = OnlineClusters(60, 4, 4, smallest=5)
    memory.labels.copy_(torch.tensor([0] * 40 + [1] * 14 + [2] * 4 + [3] * 2))
    memory._average()
    torch.manual_seed(0)
    memory.renew()
    sizes = torch.bincount(memory.labels, minlength=4)
    assert sizes.sum() == 60 and sizes.min() > 0
    # the largest has given to one of the small clusters, the next largest to the other
    assert set(memory.labels[:40].tolist()) in ({0, 2}, {0, 3})
    assert len(set(memory.labels[40:54].tolist())) == 2
    assert memory.means.isfinite().all()
