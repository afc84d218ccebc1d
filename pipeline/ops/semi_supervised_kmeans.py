"""k-means in which some points have classes, and stay in the clusters of these."""

import torch
import torch.nn.functional as F
from torch import Tensor

LIMIT = 200
"""Rounds after which a start gives up. A few dozen are usual."""


@torch.no_grad()
def semi_supervised_kmeans(
    points: Tensor,
    labelled: Tensor,
    labels: Tensor,
    clusters: int,
    *,
    starts: int = 10,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Centres (K, D), and the number (N,) of each point's, for points (N, D) beside labelled ones (L, D).

    Those of label c in labels (L,), which are 0..C-1, C <= K, belong to cluster c for good. A start takes their means
    as the first C centres and draws the others by k-means++ out of the points; then Lloyd's algorithm until no point
    changes its cluster. Of several starts that with the least sum of squared distances, of labelled points too. Without
    labelled points it is k-means. A cluster without members is put on the point farthest from its centre. The generator
    is a CPU one, torch's global one when None.
    """
    found = [_start(points.float(), labelled.float(), labels, clusters, generator) for _ in range(starts)]
    centres, numbers, _ = min(found, key=lambda each: each[2])
    return centres, numbers


def _start(
    points: Tensor, labelled: Tensor, labels: Tensor, clusters: int, generator: torch.Generator | None
) -> tuple[Tensor, Tensor, float]:
    everything = torch.cat([labelled, points])
    known = int(labels.max()) + 1 if len(labels) else 0
    centres = _drawn(points, _means(labelled, labels, known), clusters, generator)
    numbers, squares = _nearest(points, centres)
    for _ in range(LIMIT):
        whole = torch.cat([labels, numbers])
        centres = _means(everything, whole, clusters)
        empty = (torch.bincount(whole, minlength=clusters) == 0).nonzero().squeeze(1)
        centres[empty] = points[squares.topk(len(empty)).indices]
        before = numbers
        numbers, squares = _nearest(points, centres)
        if torch.equal(numbers, before):
            break
    return centres, numbers, float(squares.sum() + (labelled - centres[labels]).square().sum())


def _drawn(points: Tensor, centres: Tensor, clusters: int, generator: torch.Generator | None) -> Tensor:
    """(K, D): the centres (C, D), and points drawn in proportion to the squared distance from what is there."""
    while len(centres) < clusters:
        weights = _nearest(points, centres)[1].cpu() if len(centres) else torch.ones(len(points))
        if not bool(weights.sum() > 0):  # no more points that differ
            weights = torch.ones_like(weights)
        place = torch.multinomial(weights, 1, generator=generator).to(points.device)
        centres = torch.cat([centres, points[place]])
    return centres


def _means(points: Tensor, numbers: Tensor, clusters: int) -> Tensor:
    members = F.one_hot(numbers, max(1, clusters))[:, :clusters].to(points.dtype)
    return members.T @ points / members.sum(0).clamp_min(1)[:, None]


def _nearest(points: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """(N,) numbers of the nearest centres, and the squared distances."""
    squares = points.square().sum(1, keepdim=True) - 2 * points @ centres.T + centres.square().sum(1)
    found = squares.clamp_min(0).min(1)
    return found.indices, found.values
