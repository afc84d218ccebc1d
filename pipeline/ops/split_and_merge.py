"""The number of clusters, found by splitting those that are two and merging those that are one."""

import math

import torch
from torch import Tensor

from pipeline.ops.kmeans import kmeans
from pipeline.ops.normal_inverse_wishart import Prior


@torch.no_grad()
def split_and_merge(
    points: Tensor,
    numbers: Tensor,
    fixed: int,
    prior: Prior,
    *,
    smallest: int = 6,
    most: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """(N,) new numbers 0..K'-1 of the clusters of points (N, D), given their numbers (N,); the first `fixed` stay.

    Every other cluster is parted in two by k-means, and split with probability min(1, H), H the ratio of likelihoods
    (`Prior.log_split_ratio`), where both halves have `smallest` points or more. Then each that was not split is merged
    with the nearest such one with probability min(1, 1 / H), once at most. There are never more than `most`, nor an
    empty one but among those that stay. The generator is a CPU one, torch's
    global one when None.
    """
    places = [(numbers == number).nonzero().squeeze(1) for number in range(int(numbers.max()) + 1)]
    kept, free = places[:fixed], [place for place in places[fixed:] if len(place)]
    kept += [numbers.new_empty(0)] * (fixed - len(kept))
    whole: list[Tensor] = []
    halves: list[Tensor] = []
    for place in free:
        parts = _halves(points[place], generator)
        room = most is None or fixed + len(free) + len(halves) // 2 < most
        if room and min(len(place[part]) for part in parts) >= smallest:
            ratio = prior.log_split_ratio(points[place[parts[0]]], points[place[parts[1]]])
            if _accepted(ratio, generator):
                halves += [place[part] for part in parts]
                continue
        whole.append(place)
    merged = [*kept, *halves, *_merged(points, whole, prior, generator)]
    found = torch.empty_like(numbers)
    for number, place in enumerate(merged):
        found[place] = number
    return found


def _halves(points: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Two masks (N,)."""
    if len(points) < 2:
        none = torch.zeros(len(points), dtype=torch.bool, device=points.device)
        return none, ~none
    first = kmeans(points, 2, generator=generator)[1] == 0
    return first, ~first


def _merged(points: Tensor, clusters: list[Tensor], prior: Prior, generator: torch.Generator | None) -> list[Tensor]:
    """Places of the clusters after merging; a pair is tried once."""
    if len(clusters) < 2:
        return clusters
    means = torch.stack([points[place].mean(0) for place in clusters])
    distances = torch.cdist(means, means)
    distances.fill_diagonal_(torch.inf)
    gone: set[int] = set()
    tried: set[tuple[int, int]] = set()
    found = []
    for one, other in enumerate(distances.argmin(1).tolist()):
        pair = (min(one, other), max(one, other))
        if pair in tried or one in gone or other in gone:
            continue
        tried.add(pair)
        ratio = prior.log_split_ratio(points[clusters[one]], points[clusters[other]])
        if _accepted(-ratio, generator):
            gone |= {one, other}
            found.append(torch.cat([clusters[one], clusters[other]]))
    return [place for number, place in enumerate(clusters) if number not in gone] + found


def _accepted(log_ratio: float, generator: torch.Generator | None) -> bool:
    return float(torch.rand((), generator=generator)) < math.exp(min(0.0, log_ratio))
