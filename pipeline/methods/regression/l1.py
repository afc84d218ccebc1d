"""Absolute error: the reference that other treatments of imbalanced targets are compared with."""

import torch.nn.functional as F

from pipeline.contract import Tensor
from pipeline.methods.regression import Regressor


class L1(Regressor):
    """L = |p - y|, averaged over the batch. The plain loss of the studies of imbalanced regression; no paper's own."""

    paper = ""

    def objective(self, predictions: Tensor, targets: Tensor) -> Tensor:
        return F.l1_loss(predictions, targets)
