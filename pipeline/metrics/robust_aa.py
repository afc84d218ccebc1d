"""Accuracy under an ensemble of attacks: what is right as it is and under every one of them (`ops.strongest`)."""

from torch import Tensor

from pipeline.ops.robustness import robust_top1

LABEL = "Robust (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(
    aa_predictions: dict[float, Tensor], predictions: Tensor, labels: Tensor, radius: float
) -> dict[str, Tensor]:
    """At each radius that is evaluated (`_0_05`), and without a suffix at the one that matters most."""
    return robust_top1(predictions, aa_predictions, labels, radius)
