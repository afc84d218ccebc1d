"""Mean cross-entropy of the tenth of the training examples that have the largest, by the labels given."""

import math

import torch.nn.functional as F
from torch import Tensor

LABEL = "Training loss, worst tenth (nats)"
UNIT = "nats"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(train_logits: Tensor, train_labels: Tensor) -> float:
    """Of logits (M, K) and labels (M,)."""
    losses = F.cross_entropy(train_logits.double(), train_labels, reduction="none")
    return float(losses.topk(math.ceil(len(losses) / 10)).values.mean())
