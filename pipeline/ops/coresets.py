"""Small sets that stand for a large one: herding, farthest points, facility location."""

import torch
from torch import Tensor


@torch.no_grad()
def herding(features: Tensor, count: int) -> Tensor:
    """(count,) places of features (N, F) in the order in which herding takes them, none twice.

    w_0 = mean, x_t = argmax_x w_{t-1}.x, w_t = w_{t-1} + mean - x_t (Welling 2009): the mean of
    those taken comes as near to the mean of all as it can. Of equal ones the first.
    """
    features = features.double()
    mean = features.mean(0)
    weights, free = mean.clone(), torch.ones(len(features), dtype=torch.bool, device=features.device)
    taken = []
    for _ in range(count):
        place = int((features @ weights).masked_fill(~free, -torch.inf).argmax())
        taken.append(place)
        free[place] = False
        weights += mean - features[place]
    return torch.tensor(taken, dtype=torch.int64, device=features.device)


@torch.no_grad()
def farthest_points(features: Tensor, count: int, first: int) -> Tensor:
    """(count,) places of features (N, F): `first`, then always the point farthest from all that are taken.

    The greedy algorithm for k centres: no ball about a point need be more than twice as large as with the best ones.
    """
    taken = [first]
    nearest = (features - features[first]).square().sum(1)
    nearest[first] = -torch.inf
    for _ in range(count - 1):
        place = int(nearest.argmax())
        taken.append(place)
        nearest = torch.minimum(nearest, (features - features[place]).square().sum(1))
        nearest[place] = -torch.inf
    return torch.tensor(taken, dtype=torch.int64, device=features.device)


@torch.no_grad()
def facility_location(similarity: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """(count,) places that greedily raise sum_i max_{j in S} s_ij of similarities (N, N), and how many each serves.

    Similarities are not negative, and one that serves nobody else serves itself. Of equal gains the first.
    """
    best = torch.zeros(len(similarity), dtype=similarity.dtype, device=similarity.device)
    free = torch.ones(len(similarity), dtype=torch.bool, device=similarity.device)
    taken = []
    for _ in range(count):
        gains = (similarity - best[:, None]).clamp_min(0).sum(0)
        place = int(gains.masked_fill(~free, -torch.inf).argmax())
        taken.append(place)
        free[place] = False
        best = torch.maximum(best, similarity[:, place])
    places = torch.tensor(taken, device=similarity.device)
    served = torch.bincount(similarity[:, places].argmax(1), minlength=count)
    return places, served.clamp_min(1)


def euclidean_similarity(points: Tensor) -> Tensor:
    """(N, N) exp(-|x_i - x_j| / D) of points (N, D)."""
    return (-torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist") / points.shape[1]).exp()
