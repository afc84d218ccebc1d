"""How far near neighbours are of one class: the inter- and intra-class nearest neighbours score, in 0..1."""

import torch
from torch import Tensor

EPSILON = 1e-7


def neighbour_score(points: Tensor, labels: Tensor, neighbours: int, reach: int) -> Tensor:
    """(lambda + gamma) / 2 of points (N, D) with labels (N,); a scalar with gradients through distances.

    gamma is the mean share of a point's class among its k nearest others: a count, without gradient. lambda is half the
    sum of

    - 1 less the mean, over points and their same-class neighbours among the k, of the distance divided by that of the
      point's nearest of another class among its `reach` nearest, and by the greatest of these where over 1;
    - the mean distance of other-class neighbours among the k, divided by the greatest of all; 1 where there are none.

    k is `neighbours`, or N - 2 where there are fewer points.
    """
    k = min(neighbours, len(points) - 2)
    norms = points.square().sum(1)
    squared = (norms[:, None] + norms - 2 * points @ points.T).clamp_min(0) + 1e-6
    squared = squared.masked_fill(torch.eye(len(points), dtype=torch.bool, device=points.device), torch.inf)
    near = squared.topk(min(max(reach, k), len(points) - 1), dim=1, largest=False)
    distances = near.values.sqrt()
    same = labels[near.indices] == labels[:, None]
    rival = distances.masked_fill(same, torch.inf).amin(1, keepdim=True)
    ratios = distances[:, :k] / (rival + EPSILON)
    ratios = ratios / ratios.amax(1, keepdim=True).clamp_min(1)
    distances, same = distances[:, :k], same[:, :k]
    near_own = 1 - _mean(ratios, same)
    if bool(same.all()):
        far_others = torch.ones_like(near_own)
    else:
        others = distances.where(~same, 0.0)
        far_others = _mean(distances / (others.max() + EPSILON), ~same)
    return ((near_own + far_others) / 2 + same.float().mean()) / 2


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    """Of the rows (N, k) that have any chosen values, the mean of their means."""
    counts = chosen.sum(1)
    rows = values.where(chosen, 0.0).sum(1) / (counts + EPSILON)
    return rows.sum() / ((counts > 0).sum() + EPSILON)
