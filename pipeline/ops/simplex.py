"""Maps of scores to points of the simplex, steeper or flatter, and bounds of their means by their spread."""

import math

import torch
from torch import Tensor


def sparsemax(scores: Tensor) -> Tensor:
    """(..., K): the point of the simplex nearest to the scores (Martins and Astudillo 2016, algorithm 1)."""
    scores = scores - scores.amax(-1, keepdim=True)  # the same point, and less to round
    ordered = scores.sort(-1, descending=True).values
    sums = ordered.cumsum(-1)
    ranks = torch.arange(1, scores.shape[-1] + 1, device=scores.device, dtype=scores.dtype)
    size = (1 + ranks * ordered > sums).sum(-1, keepdim=True).clamp_min(1)
    return (scores - (sums.gather(-1, size - 1) - 1) / size).clamp_min(0)


def bernstein(spread: Tensor, draws: int, error: float) -> Tensor:
    """(...) by how much a mean of independent values in [0, 1] exceeds its expectation, but with probability `error`.

    s sqrt(2 log(2 / error) / n) + 7 log(2 / error) / (3 (n - 1)), s the standard deviation of the n values, with n - 1
    in its denominator (Maurer and Pontil 2009, theorem 4); the same downwards.
    """
    log = math.log(2 / error)
    return spread * math.sqrt(2 * log / draws) + 7 * log / (3 * (draws - 1))
