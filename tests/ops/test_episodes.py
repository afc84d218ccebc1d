"""Episodes: what is in them, that they are of different images, and shares of queries."""

import torch

from pipeline.ops.episodes import draw

LABELS = torch.arange(240) % 10


def drawn(**options):
    return draw(LABELS, 4, 2, 9, 30, torch.Generator().manual_seed(3), **options)


def test_an_episode_has_so_many_images_of_each_of_its_classes():
    found = drawn()
    classes = LABELS[found.support]
    assert found.support.shape == (30, 4, 2) and found.queries.shape == (30, 36) and found.others.shape[2] == 13
    assert (classes == classes[:, :, :1]).all()
    assert torch.equal(LABELS[found.queries], classes[:, :, 0].gather(1, found.query_labels))
    for parts in zip(found.support, found.queries, found.others, strict=True):
        every = torch.cat([part.flatten() for part in parts])
        assert len(every.unique()) == len(every) == 96


def test_adjacent_classes_and_shares_of_queries():
    near, plain = drawn(adjacent=True), drawn()
    classes = LABELS[near.support][:, :, 0]
    assert (classes.diff(dim=1) == 1).all()
    uneven = drawn(concentration=2.0)
    # the same classes and labelled images, and as many queries
    assert torch.equal(uneven.support, plain.support) and uneven.queries.shape == plain.queries.shape
    sizes = torch.stack([row.bincount(minlength=4) for row in uneven.query_labels])
    assert (sizes.sum(1) == 36).all() and sizes.max() <= 22 and sizes.double().std() > 2
