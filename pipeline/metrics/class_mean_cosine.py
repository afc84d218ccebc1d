"""Mean cosine of two class means of training features; -1 / (K - 1) in a simplex frame."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.geometry import several

LABEL = "Cosine of class means"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = "lower"


def compute(class_means: Tensor) -> float:
    """Of the class means (K, F), float64."""
    unit = F.normalize(several(class_means, "class"), dim=1)
    pairs = len(unit) * (len(unit) - 1)
    return (float((unit @ unit.T).sum()) - float(unit.square().sum())) / pairs
