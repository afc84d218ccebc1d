"""Mean cosine of embeddings of two classes, over classes that were never trained on."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.errors import Absent

LABEL = "Cosine between classes"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = None


def compute(features: Tensor, labels: Tensor) -> float:
    """Of features (N, F) and labels (N,): the mean over all pairs of two classes."""
    z, (_, places) = F.normalize(features.double()), labels.unique(return_inverse=True)
    one_hot = F.one_hot(places).double()
    counts, sums = one_hot.sum(0), one_hot.T @ z
    pairs = float(counts.sum() ** 2 - counts.square().sum())
    if not pairs:
        raise Absent("there is one class")
    total = float(sums.sum(0).square().sum() - sums.square().sum())
    return max(-1.0, min(1.0, total / pairs))
