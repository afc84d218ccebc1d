"""Batches passed through a network in groups, as data-parallel training on several devices does."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def in_groups(network: Callable[[Tensor], Tensor], x: Tensor, groups: int) -> Tensor:
    """network(x) computed on `groups` consecutive parts of x, so that batch normalisation sees one part at a time.

    There are fewer groups where a part would have fewer than two examples.
    """
    return torch.cat([network(part) for part in x.chunk(max(1, min(groups, len(x) // 2)))])


def in_shuffled_groups(network: Callable[[Tensor], Tensor], x: Tensor, groups: int) -> Tensor:
    """As `in_groups`, on a random division of x; results in the order of x. Draws from torch's global generator."""
    order = torch.randperm(len(x)).to(x.device)
    return in_groups(network, x[order], groups)[order.argsort()]


def slow_statistics(network: nn.Module, groups: int) -> None:
    """Make the running statistics of batch normalisation average over as many batches as without groups.

    They are updated once a group; with 1 - m' = (1 - m)^(1/groups) a batch counts as much as it did.
    """
    for module in network.modules():
        if isinstance(module, _BatchNorm) and module.momentum is not None:
            module.momentum = 1 - (1 - module.momentum) ** (1 / groups)
