"""Batches of several examples a class, by counting what is in them."""

import pytest
import torch

from pipeline.ops.class_batches import by_class, occurrences


@pytest.mark.parametrize(("classes", "per_class", "size"), [(10, 4, 20), (7, 2, 6), (30, 3, 12), (5, 5, 25)])
def test_a_batch_has_so_many_of_each_of_its_classes(classes, per_class, size):
    torch.manual_seed(0)
    labels = (torch.arange(240) % classes)[torch.randperm(240)]
    arranged = by_class(torch.randperm(240), labels, per_class, size)
    assert len(arranged) == 240 // size * size
    for part in arranged.split(size):
        assert torch.bincount(labels[part]).unique().tolist() in ([per_class], [0, per_class])
        assert len(part.unique()) == size, "no image twice"


def test_an_epoch_uses_classes_and_the_examples_of_a_class_alike():
    torch.manual_seed(0)
    labels = torch.cat([torch.zeros(60), torch.ones(20), 2 * torch.ones(20), 3 * torch.ones(20)]).long()
    arranged = by_class(torch.randperm(120), labels, 5, 20)
    assert torch.bincount(labels[arranged]).tolist() == [30, 30, 30, 30]
    used = torch.bincount(arranged, minlength=120)
    assert used[:60].max() == 1 and used[:60].sum() == 30
    assert all(sorted(set(used[labels == c].tolist())) == [1, 2] for c in (1, 2, 3))


def test_few_classes_come_twice_in_a_batch_and_absent_ones_never():
    torch.manual_seed(0)
    labels = torch.tensor([1, 4]).repeat_interleave(20)
    for part in by_class(torch.randperm(40), labels, 4, 20).split(20):
        assert torch.bincount(labels[part], minlength=5)[[0, 2, 3]].sum() == 0
        assert sorted(torch.bincount(labels[part])[[1, 4]].tolist()) == [8, 12]


def test_a_class_of_fewer_examples_gives_them_again():
    torch.manual_seed(0)
    labels = torch.tensor([0] * 2 + [1] * 10 + [2] * 12)
    for part in by_class(torch.randperm(24), labels, 4, 12).split(12):
        assert sorted(torch.bincount(part[labels[part] == 0], minlength=2).tolist()) == [2, 2]


def test_it_is_drawn_anew_each_time_and_whole_groups_are_needed():
    torch.manual_seed(0)
    labels, order = torch.arange(60) % 10, torch.randperm(60)
    assert not torch.equal(by_class(order, labels, 2, 10), by_class(order, labels, 2, 10))
    with pytest.raises(ValueError, match="batches of 10 do not hold whole groups of 3"):
        by_class(order, labels, 3, 10)


def test_occurrences():
    assert occurrences(torch.tensor([2, 0, 2, 2, 0, 1])).tolist() == [0, 0, 1, 2, 1, 0]
