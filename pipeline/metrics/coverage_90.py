"""Share of targets inside the middle 90% of the predicted distribution, and how far that share is from 90%."""

from torch import Tensor

LABEL = "Coverage of 90% intervals (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None

HALF = 1.6448536269514722
"""Deviations from the mean of a normal distribution within which 90% of it lie."""


def compute(predictions: Tensor, deviations: Tensor | None, targets: Tensor) -> dict[str, Tensor | float]:
    """Of normal distributions by mean and standard deviation, at targets (N,): itself, and "gap" in points."""
    if deviations is None:
        return {}
    inside = 100.0 * ((targets.double() - predictions.double()).abs() <= HALF * deviations.double()).double()
    return {"": inside, "gap": abs(float(inside.mean()) - 90)}
