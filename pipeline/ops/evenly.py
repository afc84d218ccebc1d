"""Clusters of equal size around given centres."""

import torch
from torch import Tensor


@torch.no_grad()
def evenly(points: Tensor, centres: Tensor) -> Tensor:
    """Numbers (N,) of the centres (K, D) to which points (N, D) go, N // K to each and the rest one more each.

    The nearest of all pairs are joined first, each cluster until it is full. As point and centre agree on how near
    they are, this is the stable matching that comes of points asking at ever farther centres and centres keeping the
    nearest that asked: many at once, instead of one pair at a time.
    """
    with torch.autocast(points.device.type, enabled=False):
        distances = torch.cdist(points.float(), centres.float())
    numbers = _filled(distances, len(points) // len(centres))
    rest = (numbers < 0).nonzero().squeeze(1)
    numbers[rest] = _filled(distances[rest], 1)
    return numbers


def _filled(distances: Tensor, room: int) -> Tensor:
    """(N,) clusters of at most `room` points each, by distances (N, K); -1 for points that all clusters refused."""
    count = distances.shape[1]
    distances = distances.clone()
    while True:
        least, wanted = distances.min(1)
        wanted = wanted.masked_fill(least.isinf(), count)
        by_cluster = least.argsort(stable=True)
        by_cluster = by_cluster[wanted[by_cluster].argsort(stable=True)]
        sizes = torch.bincount(wanted, minlength=count + 1)
        place = torch.arange(len(wanted), device=wanted.device) - (sizes.cumsum(0) - sizes)[wanted[by_cluster]]
        refused = by_cluster[(place >= room) & (wanted[by_cluster] < count)]
        if not len(refused):
            return wanted.masked_fill(wanted == count, -1)
        distances[refused, wanted[refused]] = torch.inf
