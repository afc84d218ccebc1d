"""The cosine of a class's centre with the most similar centre of another class, on average over unseen classes."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.geometry import class_means, several

LABEL = "Largest cosine of centres"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = None


def compute(features: Tensor, labels: Tensor) -> float:
    """Of features (N, F) and labels (N,); a centre is the mean of a class's unit embeddings."""
    means = F.normalize(several(class_means(F.normalize(features.double()), labels), "class"))
    return float((means @ means.T).fill_diagonal_(-torch.inf).amax(1).mean().clamp(-1, 1))
