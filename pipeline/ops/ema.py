"""Networks that follow another network slowly."""

import copy
import math
from typing import TypeVar

import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)


def follower(source: Module) -> Module:
    """A copy that takes no gradient, to be moved by `follow`."""
    return copy.deepcopy(source).requires_grad_(False)


@torch.no_grad()
def follow(target: nn.Module, source: nn.Module, momentum: float) -> None:
    """target <- momentum * target + (1 - momentum) * source, for parameters.

    Buffers (the running statistics of batch normalisation) are the target's own, as in MoCo's public code.
    """
    for theirs, ours in zip(target.parameters(), source.parameters(), strict=True):
        theirs.lerp_(ours, 1 - momentum)


def rising(momentum: float, progress: float) -> float:
    """1 - (1 - momentum) (cos(pi progress) + 1) / 2: from `momentum` at the start of training to 1 at its end."""
    return 1 - (1 - momentum) * (math.cos(math.pi * progress) + 1) / 2
