"""Squared error: the plain way to fit the mean of a number."""

import torch.nn.functional as F

from pipeline.contract import Tensor
from pipeline.methods.regression import Regressor


class L2(Regressor):
    """L = (p - y)^2, averaged over the batch. Textbook; no paper of the catalogue is its source."""

    paper = ""

    def objective(self, predictions: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(predictions, targets)
