"""Examples that are already predicted well count less, so that the many easy ones do not drown the few hard ones."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.classifier import Classifier


class Focal(Classifier):
    """L = -(1 - p_y)^gamma log p_y with p = softmax(z), averaged over the batch; gamma = 2.

    The paper's equation 4 is of the sigmoid of one foreground class; as in later work on long tails, including
    LDAM's code, it is the softmax's here. gamma = 0 is cross-entropy. The gradient flows through the factor. Without
    the weights alpha of equation 5: they are another method, `class_balanced`.
    """

    paper = "focal"
    gamma: float = setting(2.0, low=0.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        loss = F.cross_entropy(logits, labels, reduction="none")
        # held above 0, where a power below 1 has no gradient
        missing = (-torch.expm1(-loss)).clamp_min(torch.finfo(loss.dtype).tiny)
        return (missing**self.gamma * loss).mean()
