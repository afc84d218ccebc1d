"""Label-ranking average precision: how well each example's classes are ranked."""

from torch import Tensor

from pipeline.ops.ranking import average_precision

LABEL = "LRAP (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(logits: Tensor, positives: Tensor) -> Tensor:
    """Of logits (N, K) and labels (N, K), above zero for the classes that an example has; values of those with any."""
    present = positives > 0
    return 100.0 * average_precision(logits.double().T, present.T)[present.any(1)]
