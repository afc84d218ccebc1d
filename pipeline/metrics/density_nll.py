"""Negative logarithm of the density that the predicted normal distribution has at the target."""

import torch.nn.functional as F
from torch import Tensor

LABEL = "NLL of the density (nats)"
UNIT = "nats"
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(predictions: Tensor, deviations: Tensor | None, targets: Tensor) -> Tensor | None:
    """Of means, standard deviations and targets (N,), in float64. The targets' unit adds the logarithm of its size."""
    if deviations is None:
        return None
    variance = deviations.double().square()
    return F.gaussian_nll_loss(predictions.double(), targets.double(), variance, full=True, eps=0, reduction="none")
