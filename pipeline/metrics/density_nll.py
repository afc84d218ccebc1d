"""Negative logarithm of the density that the predicted normal distribution has at the target."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.distributions import spread

LABEL = "NLL of the density (nats)"
UNIT = "nats"
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(predictions: Tensor, deviations: Tensor | None, targets: Tensor) -> Tensor:
    """Of means, standard deviations and targets (N,), in float64. The targets' unit adds the logarithm of its size."""
    deviations = spread(deviations)
    variance = deviations.double().square()
    return F.gaussian_nll_loss(predictions.double(), targets.double(), variance, full=True, eps=0, reduction="none")
