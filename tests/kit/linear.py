"""A classifier of two classes that is linear in the pixels, of which sparsity is known in closed form."""

import torch
from torch import Tensor

from pipeline.contract import Inputs

INPUTS = Inputs(shape=(1, 3, 4), view_shape=(1, 3, 4), mean=(0.5,), std=(0.25,))
SLOPES = torch.randn(12, generator=torch.Generator().manual_seed(7), dtype=torch.float64)


def classify(views: Tensor) -> Tensor:
    """Logits (B, 2): the second class's is SLOPES times the raw pixels, the first's is 0."""
    raw = views.flatten(1) * 0.25 + 0.5
    return torch.stack([torch.zeros(len(raw), dtype=raw.dtype), raw @ SLOPES], 1)


def at_margin(margin: float, count: int = 1) -> Tensor:
    """Views of the first class whose logit must be raised by so much."""
    draw = torch.Generator().manual_seed(3)
    raw = torch.rand(count, 12, generator=draw, dtype=torch.float64)
    raw = raw - ((raw @ SLOPES + margin) / SLOPES.square().sum())[:, None] * SLOPES
    return ((raw - 0.5) / 0.25).view(count, 1, 3, 4)
