"""Targets share a little mass with every class, which keeps logits from growing without bound."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.classifier import Classifier


class LabelSmoothing(Classifier):
    """Section 2: H(y, p) = sum_k -y_k log p_k with targets y_k (1 - alpha) + alpha / K.

    alpha / K is over all K classes, the true one included. In logits the loss is
    CE(z, y) + alpha (z_y - mean_k z_k); alpha = 0 is cross-entropy.
    The paper uses alpha = 0.1 for image classifiers and 0.05 where it compares calibration; 0.1 here.
    """

    paper = "label_smoothing"
    alpha: float = setting(0.1, unit="probability", low=0.0, high=1.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels, label_smoothing=self.alpha)
