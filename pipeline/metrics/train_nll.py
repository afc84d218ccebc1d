"""Mean cross-entropy of the training examples, by the labels given, in evaluation mode."""

from torch import Tensor

LABEL = "Training loss (nats)"
UNIT = "nats"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(train_losses: Tensor) -> float:
    """Of the examples' losses (M,), without weight decay."""
    return float(train_losses.mean())
