"""Classes predicted of inputs without labels, taken for labels where they are sure."""

import torch.nn.functional as F
from torch import Tensor

SURE = 0.95
"""The least probability of a pseudo-label in most papers since FixMatch."""


def pseudo_labels(logits: Tensor, threshold: float = SURE) -> tuple[Tensor, Tensor]:
    """The most likely classes (B,) int64 of logits (B, K), and whether (B,) their probabilities reach the threshold.

    Without gradient: nothing is to be gained by moving a label towards what is predicted.
    """
    confidence, classes = logits.detach().softmax(1).max(1)
    return classes, confidence >= threshold


def sure_cross_entropy(logits: Tensor, classes: Tensor, sure: Tensor) -> Tensor:
    """Cross-entropy of logits (B, K) summed over the sure examples and divided by all B; a scalar.

    classes: (B,) int64, or distributions (B, K).
    """
    return (F.cross_entropy(logits, classes, reduction="none") * sure).mean()


def aligned(logits: Tensor, mean: Tensor) -> Tensor:
    """Probabilities (M, K) of logits (M, K), over the mean (K,) of earlier ones, scaled to sum 1; without gradient.

    Distribution alignment: classes that are predicted often are so less, where all shall be alike.
    """
    found = logits.detach().softmax(1).to(mean) / mean.clamp(min=1e-12)
    return found / found.sum(1, keepdim=True)
