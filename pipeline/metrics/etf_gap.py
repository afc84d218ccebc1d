"""Distance of the centred class means' Gram matrix from a simplex equiangular tight frame's (Kini et al. 2023)."""

import torch
from torch import Tensor

from pipeline.ops.geometry import apart, frame_gap

LABEL = "Gap to simplex ETF"
UNIT = ""
BOUNDS = (0.0, 2.0)
DIRECTION = "lower"


def compute(class_means: Tensor) -> float:
    """Of the class means (K, F) of training features, float64."""
    count = len(class_means)
    return frame_gap(apart(class_means), torch.eye(count).to(class_means) - 1 / count)
