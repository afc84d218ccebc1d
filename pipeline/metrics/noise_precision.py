"""Share of the training labels that the method suspects that is wrong."""

from torch import Tensor

LABEL = "Precision of found noise (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(suspects: Tensor | None, wrong_labels: Tensor | None) -> float | None:
    """Of suspects (M,) bool, None for a method that suspects none, and wrong labels (M,) bool."""
    if suspects is None or wrong_labels is None or not wrong_labels.any():
        return None
    return 100.0 * float((suspects & wrong_labels).sum()) / max(float(suspects.sum()), 1.0)
