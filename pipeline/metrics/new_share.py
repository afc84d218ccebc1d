"""The share of training images without labels that are taken to be of a new class."""

from torch import Tensor

LABEL = "Predicted as new (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(unlabelled_predictions: Tensor, old_classes: int) -> Tensor:
    """Of matched classes (M,): those of new classes, and those of clusters left over, which are no old class's."""
    return 100.0 * ((unlabelled_predictions < 0) | (unlabelled_predictions >= old_classes)).double()
