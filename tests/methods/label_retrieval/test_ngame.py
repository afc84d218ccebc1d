import torch

from pipeline.methods.label_retrieval.ngame import NGAME
from pipeline.methods.label_retrieval.random_negatives import RandomNegatives
from tests.kit.label_retrieval import QUERIES, SIZE, batch, retriever
from tests.kit.methods import step

GROUPS = torch.arange(QUERIES) % 6


def remembering(**settings):
    """With embeddings in memory that lie in six groups of four."""
    method = retriever(NGAME, **settings)
    draws = torch.Generator().manual_seed(6)
    method.memory.copy_(torch.eye(6, 10)[GROUPS] + 0.01 * torch.randn(QUERIES, 10, generator=draws))
    return method


def arranged(method, epoch, seed=0):
    torch.manual_seed(seed)
    method.start_epoch(epoch)
    return method.arrange(torch.randperm(QUERIES))


def test_clusters_double_until_two_thirds_of_the_epochs():
    method = retriever(NGAME, largest=8)  # of 12 epochs
    sizes = []
    for epoch in range(12):
        method.start_epoch(epoch)
        sizes.append(method.wanted())
    assert sizes == [1, 1, 1, 2, 2, 2, 4, 4, 8, 8, 8, 8]
    method.doubling = False
    assert [method.start_epoch(e) or method.wanted() for e in (0, 1, 11)] == [1, 8, 8]


def test_a_batch_is_made_of_whole_clusters_in_random_order():
    method = remembering(largest=3, doubling=False)
    order = arranged(method, 1)
    assert sorted(order.tolist()) == list(range(QUERIES))
    # halving 24 to 3 cuts groups of alike queries only within themselves
    parts = method.clusters[order].view(-1, 3)
    assert (parts == parts[:, :1]).all() and len(parts[:, 0].unique()) == 8
    together = (GROUPS[order][:, None] == GROUPS[order]).view(3, SIZE, 3, SIZE).float().mean((1, 3)).diagonal().mean()
    assert together > 0.25  # of random batches 1/6
    assert not torch.equal(arranged(method, 1, seed=1), order)


def test_clusters_of_one_query_are_random_batches_exactly():
    first, second = retriever(NGAME, largest=1), retriever(RandomNegatives)
    order = torch.randperm(QUERIES)
    for epoch in range(3):
        for method in (first, second):
            method.start_epoch(epoch)
            torch.manual_seed(epoch)
            assert torch.equal(method.arrange(order), order)
            step(method, batch(seed=epoch))
    for name, value in second.state_dict().items():
        assert torch.equal(first.state_dict()[name], value)


def test_clusters_are_renewed_when_they_are_due():
    method = remembering(largest=4, doubling=False, renewal=4)
    arranged(method, 1)
    before = method.clusters.clone()
    method.memory.copy_(method.memory.flip(0) + torch.randn(QUERIES, 10))
    arranged(method, 2)
    assert torch.equal(method.clusters, before)
    arranged(method, 4)
    assert not torch.equal(method.clusters, before)
