"""Sorting as a differentiable function: a network of soft comparisons between neighbours."""

import math

import torch
from torch import Tensor


def soft_sort(values: Tensor, steepness: float) -> tuple[Tensor, Tensor]:
    """values (B, n) in ascending order, softly, and permutation matrices (B, n, n): [b, i, r] is how much of element
    i has come to rank r. Rows and columns sum to 1; a large steepness gives the hard permutation.

    Odd-even transposition in n layers. A comparison of neighbours a, b puts alpha a + (1 - alpha) b first and
    the rest second, alpha = 1/2 + atan(steepness (b - a)) / pi, the Cauchy distribution's (Petersen et al. 2022).
    """
    size = values.shape[1]
    matrices = torch.eye(size, dtype=values.dtype, device=values.device).expand(len(values), size, size)
    # the values ride along as one more row on which the same exchanges act
    rows = torch.cat([values[:, None], matrices], 1)
    for layer in range(size):
        start = layer % 2
        end = start + (size - start) // 2 * 2
        if start == end:
            continue
        first, second = rows[..., start:end:2], rows[..., start + 1 : end : 2]
        apart = second - first
        moved = apart * (0.5 - torch.atan(steepness * apart[:, :1]) / math.pi)
        exchanged = torch.stack([first + moved, second - moved], -1).flatten(-2)
        rows = torch.cat([rows[..., :start], exchanged, rows[..., end:]], -1)
    return rows[:, 0], rows[:, 1:]
