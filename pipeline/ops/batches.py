"""Orders of examples whose batches have few, or only, examples of one group."""

import torch
from torch import Tensor


def alike(order: Tensor, groups: Tensor, size: int) -> Tensor:
    """The examples of `order` (N,) so arranged that batches of `size` hold examples of one group, where it has enough.

    groups (N,) are numbers from 0, by example. Groups follow each other in random order and a batch may hold the end
    of one and the start of the next; the batches come in random order. An incomplete last batch is left out.
    """
    groups = groups[order]
    places = torch.randperm(int(groups.max()) + 1).to(order.device)
    return _shuffled(order[places[groups].argsort(stable=True)], size)


def unlike(order: Tensor, groups: Tensor, size: int) -> Tensor:
    """As `alike`, but so that batches hold as few examples of one group as its share in the whole allows.

    First one example of each group, then a second one of each that has one, and so on: the last such rounds have
    only the large groups. With as many groups as a batch has places, only those rounds repeat a group in a batch.
    """
    groups = groups[order]
    count = int(groups.max()) + 1
    by_group = groups.argsort(stable=True)
    sizes = torch.bincount(groups, minlength=count)
    first = (sizes.cumsum(0) - sizes)[groups[by_group]]
    turn = torch.empty_like(groups)
    turn[by_group] = torch.arange(len(groups), device=groups.device) - first
    places = torch.randperm(count).to(order.device)
    return _shuffled(order[(turn * count + places[groups]).argsort()], size)


def _shuffled(order: Tensor, size: int) -> Tensor:
    whole = order[: len(order) // size * size].view(-1, size)
    return whole[torch.randperm(len(whole)).to(order.device)].flatten()
