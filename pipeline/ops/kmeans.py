"""k-means clustering of features, in bounded memory."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from pipeline.ops.convergence import not_converged

LIMIT = 1000
"""Rounds after which it gives up. A few dozen are usual."""
ENTRIES = 1 << 22
"""Distances held at once: 16 MiB of float32."""


@torch.no_grad()
def kmeans(
    points: Tensor, clusters: int, *, iterations: int | None = None, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Centres (K, D) and the number (N,) of each point's nearest centre, for points (N, D).

    Seeded by k-means++, then Lloyd's algorithm until no point changes its cluster, or for so many iterations where a
    paper says how many; warns (NotConverged) where it does not and points still change theirs after LIMIT of them.
    A cluster that loses all its points is put on the point that is farthest from its centre, one point for each such
    cluster. The generator is a CPU one, torch's global one when None; the same draws give the same clusters.
    Raises ValueError where there are fewer points than clusters.
    """
    if not 1 <= clusters <= len(points):
        raise ValueError(f"{clusters} clusters of {len(points)} points")
    with torch.autocast(points.device.type, enabled=False):
        points = points.float()
        origin = points.mean(0)
        # about their mean, |x|^2 - 2 x.c + |c|^2 cancels less in float32
        points = points - origin
        centres = _plus_plus(points, clusters, generator)
        labels, distances = _assign(points, centres)
        moved = len(points)
        for _ in range(LIMIT if iterations is None else iterations):
            centres = _means(points, labels, distances, clusters)
            before = labels
            labels, distances = _assign(points, centres)
            moved = int((labels != before).sum())
            if not moved:
                break
        if moved and iterations is None:
            not_converged("k-means", LIMIT, f"{moved} of {len(points)} points still changed their cluster")
        return centres + origin, labels


@torch.no_grad()
def nearest(points: Tensor, centres: Tensor, count: int) -> Tensor:
    """(N, count) numbers of the centres (K, D) nearest to each point (N, D), nearest first."""
    with torch.autocast(points.device.type, enabled=False):
        points, centres = points.float(), centres.float()
        places = [
            _squared(part, centres).topk(count, dim=1, largest=False).indices for part in _chunks(points, len(centres))
        ]
    return torch.cat(places)


@torch.no_grad()
def embedded(network: nn.Module, chunks: Iterable[Tensor]) -> Tensor:
    """network(images) (N, F) float32 of all the chunks, by the network's running statistics.

    The network is left in the mode it was in.
    """
    was_training = network.training
    network.eval()
    found = torch.cat([network(part).flatten(1).float() for part in chunks])
    network.train(was_training)
    return found


def _plus_plus(points: Tensor, clusters: int, generator: torch.Generator | None) -> Tensor:
    """(K, D) of the points, each drawn in proportion to the squared distance from those drawn before it."""
    first = int(torch.randint(len(points), (1,), generator=generator))
    chosen = [first]
    closest = (points - points[first]).square().sum(1)
    for _ in range(clusters - 1):
        weights = closest.cpu()
        if not bool(weights.sum() > 0):  # no more points that differ
            weights = torch.ones_like(weights)
        place = int(torch.multinomial(weights, 1, generator=generator))
        chosen.append(place)
        closest = torch.minimum(closest, (points - points[place]).square().sum(1))
    return points[torch.tensor(chosen, device=points.device)]


def _assign(points: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """(N,) number of the nearest centre, and the squared distance to it."""
    found = [_squared(part, centres).min(1) for part in _chunks(points, len(centres))]
    return torch.cat([part.indices for part in found]), torch.cat([part.values for part in found])


def _means(points: Tensor, labels: Tensor, distances: Tensor, clusters: int) -> Tensor:
    """(K, D) means of the clusters; empty ones take the points that are farthest from their centres."""
    counts = torch.bincount(labels, minlength=clusters)
    empty = (counts == 0).nonzero().squeeze(1)
    if len(empty):
        labels = labels.scatter(0, distances.topk(len(empty)).indices, empty)
        counts = torch.bincount(labels, minlength=clusters)
    sums = points.new_zeros(clusters, points.shape[1])
    for part, numbers in zip(_chunks(points, clusters), _chunks(labels, clusters), strict=True):
        # a product rather than index_add, whose order of summation varies on a GPU
        sums += nn.functional.one_hot(numbers, clusters).T.to(points.dtype) @ part
    # taking a point may have emptied a cluster of one, which then has no mean; it is filled in the next round
    return sums / counts.clamp_min(1)[:, None]


def _squared(points: Tensor, centres: Tensor) -> Tensor:
    distances = points.square().sum(1, keepdim=True) - 2 * points @ centres.T + centres.square().sum(1)
    return distances.clamp_min(0)


def _chunks(rows: Tensor, width: int) -> tuple[Tensor, ...]:
    return rows.split(max(1, ENTRIES // width))
