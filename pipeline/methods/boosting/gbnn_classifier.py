"""A network of one hidden layer for classes grows unit by unit, each fitted to what those before it left over."""

import torch.nn.functional as F

from pipeline.contract import Tensor, torch
from pipeline.methods.boosting import BoostedClassifier, GrownUnits


class GBNNClassifier(GrownUnits, BoostedClassifier):
    """Two classes, y = -1 or 1: L = log(1 + exp(-2 y F)), F_0 = log((1 + m) / (1 - m)) / 2 with m the mean of y,

    step = sum_i r f / sum_i r f^2 (2 y - r); the logits are -F and F. More classes, y_k = 0 or 1: L = -log p_y with
    p = softmax(F), F_0 = 0, step = sum_ik r f / sum_ik f^2 p (1 - p), one number for all classes. All is as in the
    authors' code.
    """

    paper = "gbnn"

    def start(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        classes = len(self.base)
        if classes > 2:
            return torch.zeros(classes, dtype=torch.float64), torch.eye(classes, dtype=torch.float64)
        mean = signs(labels).mean(0)
        return ((1 + mean) / (1 - mean)).log() / 2, torch.tensor([[-1.0, 1.0]], dtype=torch.float64)

    def residuals(self, total: Tensor, labels: Tensor) -> Tensor:
        if len(self.base) > 2:
            return F.one_hot(labels, len(self.base)) - total.softmax(1)
        y = signs(labels)
        return 2 * y * torch.sigmoid(-2 * y * total)

    def newton(self, total: Tensor, residuals: Tensor, found: Tensor, labels: Tensor) -> float:
        if len(self.base) > 2:
            p = total.softmax(1)
            return float((residuals * found).sum() / (found**2 * p * (1 - p)).sum())
        return float((residuals * found).sum() / (residuals * found**2 * (2 * signs(labels) - residuals)).sum())


def signs(labels: Tensor) -> Tensor:
    """(N, 1) float64: -1 for class 0, 1 for class 1."""
    return 2.0 * labels.double()[:, None] - 1
