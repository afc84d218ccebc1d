"""The cheapest way to pair the rows of a matrix with its columns, exactly."""

import numpy as np
import torch
from torch import Tensor


def assignment(costs: Tensor) -> Tensor:
    """(n,) int64 column of each row of finite costs (n, n), all different, whose costs have the least sum.

    Shortest augmenting paths with potentials (Jonker and Volgenant 1987), O(n^3), in float64 on the CPU.
    """
    size = len(costs)
    cost = costs.detach().double().cpu().numpy()
    rows, columns = np.zeros(size), np.zeros(size)
    """Potentials: cost - rows - columns is nowhere negative, and 0 where a row and its column are paired."""
    owner = np.full(size, -1)
    for start in range(size):
        _augment(cost, rows, columns, owner, start)
    paired = np.empty(size, dtype=np.int64)
    paired[owner] = np.arange(size)
    return torch.from_numpy(paired).to(costs.device)


def _augment(cost: np.ndarray, rows: np.ndarray, columns: np.ndarray, owner: np.ndarray, start: int) -> None:
    """Give the row `start` a column along the shortest path of exchanges that ends at a column without an owner."""
    size = len(cost)
    distance, via = np.full(size, np.inf), np.full(size, -1)
    done, reached, at, row = np.zeros(size, dtype=bool), 0.0, -1, start
    while row >= 0:
        onward = reached + cost[row] - rows[row] - columns
        shorter = ~done & (onward < distance)
        distance[shorter], via[shorter] = onward[shorter], at
        at = int(np.where(done, np.inf, distance).argmin())
        done[at], reached, row = True, distance[at], owner[at]
    shift = reached - distance[done]
    rows[start] += reached
    before = owner[done]
    rows[before[before >= 0]] += shift[before >= 0]
    columns[done] -= shift
    while at >= 0:
        owner[at] = start if via[at] < 0 else owner[via[at]]
        at = via[at]
