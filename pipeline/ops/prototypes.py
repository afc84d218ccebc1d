"""Classes of many small problems at once: means of labelled points, distances to them, and graphs of neighbours.

Points are (E, N, D), of E episodes; weights or assignments (E, N, K); prototypes (E, K, D).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

SETTLED = 1e-4
"""Assignments that change by less have settled."""


def one_hot(labels: Tensor) -> Tensor:
    """(E, N, K) float of labels (E, N) in 0..K-1, all of which occur."""
    return F.one_hot(labels, int(labels.max()) + 1).float()


def means(points: Tensor, weights: Tensor) -> Tensor:
    """(E, K, D) weighted means; every class has some weight."""
    return weights.mT @ points / weights.sum(1)[..., None]


def squared_distances(points: Tensor, prototypes: Tensor) -> Tensor:
    """(E, N, K)."""
    norms = points.square().sum(2, keepdim=True) + prototypes.square().sum(2)[:, None]
    return (norms - 2 * points @ prototypes.mT).clamp_min(0)


def normalised(points: Tensor, centre: Tensor) -> Tensor:
    """Points less a centre (D,), at unit length."""
    return F.normalize(points - centre, dim=-1)


def nearest(points: Tensor, among: Tensor, count: int, own: int = 0) -> Tensor:
    """(E, N, count) places in `among` (E, M, D) of what is nearest to each point, but for point i place own + i."""
    apart = squared_distances(points, among)
    itself = torch.arange(points.shape[1], device=points.device)
    apart[:, itself, own + itself] = torch.inf
    return apart.topk(count, dim=2, largest=False).indices


def gathered(values: Tensor, places: Tensor) -> Tensor:
    """(E, N, n, K): of values (E, M, K) those at places (E, N, n)."""
    flat = places.flatten(1)[..., None].expand(-1, -1, values.shape[2])
    return values.gather(1, flat).view(*places.shape, values.shape[2])


def smoothed(costs: Tensor, known: Tensor, neighbours: Tensor, weight: float, steps: int) -> Tensor:
    """Assignments s (E, Q, K) of queries with costs a (E, Q, K) such that neighbours agree.

    Steps of s_p <- softmax(-a_p + weight sum_q s_q), the sum over p's `neighbours` (E, Q, n), places among the points
    whose assignment is known, (E, N, K), and the queries behind them; from softmax(-a). The bound on
    sum s log s + s a - weight/2 sum s_p s_q that each step minimises falls where the graph is symmetric. An episode
    ends where a step changes none of its assignments by more than SETTLED, or after `steps`.
    """
    found = (-costs).softmax(2)
    if not weight:
        return found
    rows = torch.cat([known, found], 1)
    episodes, points, classes = rows.shape
    first = points * torch.arange(episodes, device=costs.device)[:, None, None]
    places = (neighbours + first).view(-1, neighbours.shape[2])
    for _ in range(steps):
        agreement = F.embedding_bag(places, rows.view(-1, classes), mode="sum").view_as(costs)
        moved = (weight * agreement - costs).softmax(2)
        still = (moved - found).abs().amax((1, 2)) > SETTLED
        # an episode that has settled stays, so that it is the same whatever others there are
        found = torch.where(still[:, None, None], moved, found)
        rows[:, known.shape[1] :] = found
        if not still.any():
            break
    return found
