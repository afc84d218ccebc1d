"""Accuracy under the fast gradient sign method: one step to the corner of an l_inf ball."""

from torch import Tensor

from pipeline.ops.robustness import robust_top1

LABEL = "FGSM robust (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(
    fgsm_predictions: dict[float, Tensor], predictions: Tensor, labels: Tensor, radius: float
) -> dict[str, Tensor]:
    """At each radius that is evaluated (`_0_05`), and without a suffix at the one that matters most."""
    return robust_top1(predictions, fgsm_predictions, labels, radius)
