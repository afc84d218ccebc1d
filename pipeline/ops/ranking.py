"""Average precision of several rankings at once."""

import torch
from torch import Tensor


def average_precision(scores: Tensor, positive: Tensor) -> Tensor:
    """(K,) of each column of scores (N, K) and positive (N, K) bool: sum_n (R_n - R_{n-1}) P_n over its thresholds.

    That is the mean over positives of the precision at their own score, ties included. 0 without positives.
    """
    found = []
    for column, mask in zip(scores.T, positive.T, strict=True):
        every, wanted = column.sort().values, column[mask].sort().values
        above = len(every) - torch.searchsorted(every, wanted)
        hits = len(wanted) - torch.searchsorted(wanted, wanted)
        found.append((hits / above.double()).sum() / max(1, len(wanted)))
    return torch.stack(found)
