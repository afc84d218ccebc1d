"""Cosine of the two directions learned for one class that had two labels: where they are opposed, it is low."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.errors import Absent

LABEL = "Cosine of a split class's directions"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = None


def compute(split_directions: tuple[Tensor, Tensor] | None) -> float:
    """The mean over split classes, of directions (S, F) of one label and (S, F) of the other."""
    if split_directions is None:
        raise Absent("no class had two labels, or the method learns no direction for a class")
    first, second = split_directions
    return float(F.cosine_similarity(first.double(), second.double()).mean().clamp(-1, 1))
