"""How alike the clusters' prototypes are: the mean cosine of two different ones."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.errors import Absent

LABEL = "Cosine of prototypes"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = "lower"


def compute(prototypes: Tensor | None) -> float:
    """Of prototypes (K, F), of any length."""
    if prototypes is None:
        raise Absent("its clusters have no prototypes")
    if len(prototypes) < 2:
        raise Absent("there is one prototype, and it takes two")
    unit = F.normalize(prototypes.double(), dim=1)
    count = len(unit)
    return float(((unit.sum(0).square().sum() - count) / (count * (count - 1))).clamp(-1, 1))
