"""Geometric mean of absolute errors, which a few large ones hardly move (Yang et al. 2021)."""

from torch import Tensor

LABEL = "Geometric mean error (degrees)"
UNIT = "degrees"
BOUNDS = (0.0, None)
DIRECTION = "lower"

FLOOR = 0.01
"""Errors below it count as so much, since a single exact prediction would make the mean zero."""


def compute(predictions: Tensor, targets: Tensor) -> float:
    """Of predictions and targets (N,), in float64."""
    errors = (predictions.double() - targets.double()).abs()
    return float(errors.clamp_min(FLOOR).log().mean().exp())
