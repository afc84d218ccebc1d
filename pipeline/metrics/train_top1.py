"""Accuracy on the training examples, by the labels given."""

from torch import Tensor

LABEL = "Training top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(train_predictions: Tensor, train_labels: Tensor) -> float:
    """Of predictions and labels (M,)."""
    return 100.0 * float((train_predictions == train_labels).double().mean())
