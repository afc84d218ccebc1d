"""Average precision with errors on known inputs as positive ("AUPR Err" of Hendrycks and Gimpel 2017)."""

from torch import Tensor

from pipeline.ops.detection import aupr

LABEL = "AUPR of errors (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores_known: Tensor, right: Tensor) -> float | None:
    """Of scores (N,) of known inputs and whether they are predicted right (N,) bool; nothing where all are alike.

    Its value at chance is the share of errors.
    """
    if right.all() or not right.any():
        return None
    return aupr(-scores_known[~right], -scores_known[right])
