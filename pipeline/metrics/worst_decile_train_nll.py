"""Mean cross-entropy of the tenth of the training examples that have the largest, by the labels given."""

import math

from torch import Tensor

LABEL = "Training loss, worst tenth (nats)"
UNIT = "nats"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(train_losses: Tensor) -> float:
    """Of the examples' losses (M,)."""
    return float(train_losses.topk(math.ceil(len(train_losses) / 10)).values.mean())
