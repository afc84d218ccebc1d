"""Negative log-likelihood of the labels: the cross-entropy on the test split."""

from torch import Tensor

LABEL = "NLL (nats)"
UNIT = "nats"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """Of log-probabilities (N, K) float64 and labels (N,)."""
    return -log_probabilities.gather(1, labels[:, None]).squeeze(1)
