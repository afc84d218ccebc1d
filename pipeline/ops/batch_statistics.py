"""Batch normalisation that is asked something without learning from it."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def unmoved(network: nn.Module) -> Iterator[None]:
    """In training mode, normalise by a batch's own statistics and leave the running ones as they are."""
    norms = [part for part in network.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    before = [norm.track_running_stats for norm in norms]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm, tracked in zip(norms, before, strict=True):
            norm.track_running_stats = tracked
