"""Brier score: the squared distance between probabilities and one-hot label, summed over classes."""

import torch.nn.functional as F
from torch import Tensor

LABEL = "Brier (%)"
UNIT = "%"
BOUNDS = (0.0, 200.0)
DIRECTION = "lower"


def compute(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """Of log-probabilities (N, K) float64 and labels (N,)."""
    one_hot = F.one_hot(labels, log_probabilities.shape[1])
    return 100.0 * ((log_probabilities.exp() - one_hot) ** 2).sum(1)
