"""Orders of examples whose batches have classes that are near each other, one example of each."""

import torch
from torch import Tensor

from pipeline.ops.class_batches import occurrences


def by_neighbours(order: Tensor, labels: Tensor, neighbours: Tensor, nearest: int, size: int) -> Tensor:
    """As many full batches of `size` as `order` (N,) has, each of one example of `size` classes.

    labels (M,) are from 0 to K - 1 by example, none without examples, and neighbours (K, R) each class's nearest
    others, the nearest first. Classes come in rounds, each class once, in a random order that `gathered` changes; those
    that would not fill a batch at the end of a round are left out of it. A class gives its examples by their place in
    `order`, from the first again after the last. Draws from torch's global generator.
    """
    given = labels[order]
    by_label = order[given.argsort(stable=True)]
    counts = torch.bincount(given)
    starts = counts.cumsum(0) - counts
    batches, used = len(order) // size, len(counts) // size * size
    if not used:
        raise ValueError(f"{len(counts)} classes do not fill batches of {size}")
    lists, rounds = neighbours.tolist(), -(-batches * size // used)
    drawn = [gathered(torch.randperm(len(counts)).tolist(), lists, nearest, size)[:used] for _ in range(rounds)]
    chosen = torch.tensor([each for part in drawn for each in part], device=order.device)[: batches * size]
    return by_label[starts[chosen] + occurrences(chosen) % counts[chosen]]


def gathered(order: list[int], neighbours: list[list[int]], nearest: int, size: int) -> list[int]:
    """The order with neighbours moved up into the same batch, after Deuser et al. 2023.

    The next one that is not placed goes into the batch, and after it, as far as there is room, its `nearest` nearest
    and then as many at random of its other neighbours, where they are not placed.
    """
    placed, found = set[int](), list[int]()
    for each in order:
        if each in placed:
            continue
        near, rest = neighbours[each][:nearest], neighbours[each][nearest:]
        others = [rest[place] for place in torch.randperm(len(rest))[:nearest].tolist()]
        room = size - len(found) % size
        group = [each, *(one for one in near + others if one not in placed)][:room]
        placed.update(group)
        found += group
    return found
