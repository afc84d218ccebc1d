"""Batches passed through a network in groups, as data-parallel training on several devices does."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def in_groups(network: Callable[[Tensor], Tensor], x: Tensor, groups: int) -> Tensor:
    """network(x) computed on `groups` consecutive parts of x, so that batch normalisation sees one part at a time.

    Parts differ by one example at most, and there are fewer where one would have fewer than two.
    """
    return torch.cat([network(part) for part in x.tensor_split(parts(len(x), groups))])


def parts(size: int, groups: int) -> int:
    """Into how many parts a batch of `size` examples is divided for `groups`."""
    return max(1, min(groups, size // 2))


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
