"""Accuracy under projected gradient ascent of the cross-entropy in an l_inf ball, from a random start."""

from torch import Tensor

from pipeline.ops.robustness import robust_top1

LABEL = "PGD robust (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(
    pgd_predictions: dict[float, Tensor], predictions: Tensor, labels: Tensor, radius: float
) -> dict[str, Tensor]:
    """At each radius that is evaluated (`_0_05`), and without a suffix at the one that matters most."""
    return robust_top1(predictions, pgd_predictions, labels, radius)
