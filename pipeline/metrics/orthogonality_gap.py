"""Distance of the class means' Gram matrix from an orthogonal frame's (Kini et al. 2023)."""

import torch
from torch import Tensor

from pipeline.ops.geometry import apart, frame_gap

LABEL = "Gap to orthogonal frame"
UNIT = ""
BOUNDS = (0.0, 2.0)
DIRECTION = "lower"


def compute(class_means: Tensor) -> float:
    """Of the class means (K, F) of training features, float64."""
    apart(class_means)  # one class, or several in one place, are no frame
    return frame_gap(class_means, torch.eye(len(class_means)).to(class_means))
