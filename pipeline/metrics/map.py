"""Mean over classes of average precision: how well the examples of each class are ranked."""

from torch import Tensor

from pipeline.ops.ranking import average_precision

LABEL = "mAP (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(logits: Tensor, positives: Tensor) -> float:
    """Of logits (N, K) and labels (N, K), above zero for the classes that an example has; over classes that occur."""
    present = positives > 0
    return 100.0 * float(average_precision(logits.double(), present)[present.any(0)].mean())
