"""Mean cosine of embeddings of one class, over classes that were never trained on."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.geometry import with_pairs

LABEL = "Cosine within classes"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = None


def compute(features: Tensor, labels: Tensor) -> float:
    """Of features (N, F) and labels (N,): the mean over pairs of one class, each class counting alike."""
    z, (_, places) = F.normalize(features.double()), with_pairs(labels).unique(return_inverse=True)
    one_hot = F.one_hot(places).double()
    counts = one_hot.sum(0)
    several = counts > 1
    total = (one_hot.T @ z).square().sum(1) - one_hot.T @ z.square().sum(1)
    return float((total[several] / (counts * (counts - 1))[several]).mean().clamp(-1, 1))
