"""Accuracy in rounds of labelling: predictions (R + 1, N) of test examples before the first round and after each."""

import torch
from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.class_scores import top1


def area(predictions: Tensor, bought: Tensor, labels: Tensor, share: float = 1.0) -> Tensor:
    """(N,) float64: accuracy in percent, averaged over the labels from bought[0] on to a share of their span.

    By the trapezoidal rule over labels bought (R + 1,), to the last round that lies within the share, and to the first
    round at least.
    """
    if len(bought) < 2:
        raise Absent("no labels were bought")
    span = float(bought[-1] - bought[0])
    last = max(int((bought - bought[0] <= share * span).sum()), 2)
    right = torch.stack([top1(each, labels) for each in predictions[:last]])
    at = bought[:last].to(right)
    return torch.trapezoid(right, at, dim=0) / (at[-1] - at[0])
