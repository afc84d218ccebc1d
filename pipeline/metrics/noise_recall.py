"""Share of the wrong training labels that the method suspects."""

from torch import Tensor

LABEL = "Recall of noise (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(suspects: Tensor | None, wrong_labels: Tensor | None) -> float | None:
    """Of suspects (M,) bool, None for a method that suspects none, and wrong labels (M,) bool."""
    if suspects is None or wrong_labels is None or not wrong_labels.any():
        return None
    return 100.0 * float((suspects & wrong_labels).sum()) / float(wrong_labels.sum())
