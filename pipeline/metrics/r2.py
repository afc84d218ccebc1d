"""Share of the targets' variance that is explained: 1 is perfect, 0 is no better than the mean of the test targets."""

from torch import Tensor

LABEL = "R2"
UNIT = ""
BOUNDS = (None, 1.0)
DIRECTION = "higher"


def compute(predictions: Tensor, targets: Tensor) -> float | None:
    """Of predictions and targets (N,), in float64; None where all targets are alike."""
    errors = (predictions.double() - targets.double()).square().sum()
    total = (targets.double() - targets.double().mean()).square().sum()
    return float(1 - errors / total) if total > 0 else None
