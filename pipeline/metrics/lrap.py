"""Label-ranking average precision: how well each example's classes are ranked."""

import torch
from torch import Tensor

from pipeline.ops.detection import aupr, single

LABEL = "LRAP (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(logits: Tensor, positives: Tensor) -> Tensor:
    """Of logits (N, K) and labels (N, K), above zero for the classes that an example has; values of those with any."""
    rows = [(scores, has) for scores, has in zip(logits.cpu(), positives.cpu() > 0, strict=True) if has.any()]
    return torch.tensor([single(aupr, scores[has], scores[~has]) for scores, has in rows], dtype=torch.float64)
