"""Averages of a network's weights over training, and their use in its place."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


@torch.no_grad()
def follow_all(target: nn.Module, source: nn.Module, decay: float) -> None:
    """target <- decay target + (1 - decay) source, running statistics of batch normalisation included."""
    for theirs, ours in zip(target.state_dict().values(), source.state_dict().values(), strict=True):
        if theirs.is_floating_point():
            theirs.lerp_(ours, 1 - decay)
        else:
            theirs.copy_(ours)


@torch.no_grad()
def put(source: nn.Module, target: nn.Module) -> None:
    """The parameters of one in the other."""
    for theirs, ours in zip(source.parameters(), target.parameters(), strict=True):
        ours.copy_(theirs)


@torch.no_grad()
def renew_statistics(network: nn.Module, views: Iterable[Tensor]) -> None:
    """Running statistics of batch normalisation as the mean over these chunks of inputs."""
    norms = [part for part in network.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # which is torch's for an average in which all count alike
    for view in views if norms else ():
        network(view)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
