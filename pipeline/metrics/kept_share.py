"""Share of the training examples that the method has kept."""

from torch import Tensor

LABEL = "Kept (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(kept: Tensor, target_count: int) -> float:
    """Of those kept (M,) bool, without the target's examples, which cannot be."""
    return 100.0 * float(kept.sum()) / (len(kept) - target_count)
