"""Probability that a rightly predicted known input outscores a wrongly predicted one."""

from torch import Tensor

from pipeline.ops.detection import auroc

LABEL = "AUROC of errors (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores_known: Tensor, right: Tensor) -> float | None:
    """Of scores (N,) of known inputs and whether they are predicted right (N,) bool; nothing where all are alike."""
    if right.all() or not right.any():
        return None
    return auroc(scores_known[right], scores_known[~right])
