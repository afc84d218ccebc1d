"""Batches of neighbours: the greedy walk by sets, what is in a batch, and its limit in batches without neighbours."""

import pytest
import torch

from pipeline.ops.class_batches import by_class
from pipeline.ops.neighbour_batches import by_neighbours, gathered

CLASSES, REACH = 30, 12


def lists(seed=0):
    make = torch.Generator().manual_seed(seed)
    away = torch.rand(CLASSES, CLASSES, generator=make).fill_diagonal_(9.0)
    return away.argsort(dim=1)[:, :REACH]


def walked(order, neighbours, nearest, size):
    """Batch by batch, with a pool and a set of what is used; draws as they come."""
    pool, used, batches, batch = list(order), set(), [], []
    while pool:
        first = pool.pop(0)
        if first in used:
            continue
        far = neighbours[first][nearest:]
        drawn = [far[k] for k in torch.randperm(len(far)).tolist()][:nearest]
        for one in [first, *neighbours[first][:nearest], *drawn]:
            if one not in used and len(batch) < size:
                batch.append(one)
                used.add(one)
        if len(batch) == size:
            batches.append(batch)
            batch = []
    return [*batches, batch]


@pytest.mark.parametrize(("nearest", "size"), [(3, 8), (6, 8), (2, 5), (6, 30)])
def test_the_walk(nearest, size):
    order, neighbours = torch.randperm(CLASSES).tolist(), lists().tolist()
    torch.manual_seed(1)
    found = gathered(order, neighbours, nearest, size)
    torch.manual_seed(1)
    assert found == [one for batch in walked(order, neighbours, nearest, size) for one in batch]
    assert sorted(found) == sorted(order)


@pytest.mark.parametrize("counts", [[4] * CLASSES, [2, 7] * (CLASSES // 2)])
def test_a_batch_has_a_class_once_and_an_epoch_all_of_them_alike(counts):
    torch.manual_seed(2)
    labels = torch.arange(CLASSES).repeat_interleave(torch.tensor(counts))
    labels = labels[torch.randperm(len(labels))]
    arranged = by_neighbours(torch.randperm(len(labels)), labels, lists(), 3, 8)
    assert len(arranged) == len(labels) // 8 * 8
    assert all(len(labels[part].unique()) == 8 for part in arranged.split(8))
    used = torch.bincount(labels[arranged], minlength=CLASSES)
    assert used.max() - used.min() <= 5
    of_class = [torch.bincount(arranged[labels[arranged] == c], minlength=len(labels))[labels == c] for c in (0, 1)]
    assert all(each.max() - each.min() <= 1 for each in of_class), "a class gives all its examples before one again"


def test_without_neighbours_batches_are_random_ones():
    labels = torch.arange(60) % CLASSES
    order = torch.randperm(60)
    torch.manual_seed(3)
    found = by_neighbours(order, labels, torch.zeros(CLASSES, 0, dtype=torch.int64), 3, 7)
    torch.manual_seed(3)
    draws = torch.cat([torch.randperm(CLASSES)] + [torch.randperm(0)] * 0)
    assert torch.equal(labels[found[:28]], draws[:28])
    torch.manual_seed(3)
    assert torch.equal(by_class(order, labels, 1, 7)[:28], found[:28])


def test_batches_have_more_neighbours_than_random_ones():
    torch.manual_seed(4)
    labels, places = torch.arange(240) % 60, torch.arange(60)
    near = (places[:, None] - places).abs().fill_diagonal_(99).argsort(dim=1, stable=True)[:, :12]
    order = torch.randperm(240)
    spreads = [
        torch.stack([labels[part].sort().values.diff().float().median() for part in each.split(12)]).mean()
        for each in (by_neighbours(order, labels, near, 3, 12), by_class(order, labels, 1, 12))
    ]
    assert spreads[0] < 0.6 * spreads[1]


def test_too_few_classes():
    with pytest.raises(ValueError, match="30 classes do not fill batches of 31"):
        by_neighbours(torch.arange(60), torch.arange(60) % CLASSES, lists(), 3, 31)
