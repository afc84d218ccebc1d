"""Mean cross-entropy of the training examples, by the labels given, in evaluation mode."""

import torch.nn.functional as F
from torch import Tensor

LABEL = "Training loss (nats)"
UNIT = "nats"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(train_logits: Tensor, train_labels: Tensor) -> float:
    """Of logits (M, K) and labels (M,), without weight decay."""
    return float(F.cross_entropy(train_logits.double(), train_labels))
