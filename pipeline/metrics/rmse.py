"""Root of the mean squared error."""

from torch import Tensor

LABEL = "RMSE (target's unit)"
UNIT = "target's unit"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(predictions: Tensor, targets: Tensor) -> float:
    """Of predictions and targets (N,), in float64."""
    return float((predictions.double() - targets.double()).square().mean().sqrt())
