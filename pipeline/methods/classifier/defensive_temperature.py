"""A high softmax temperature in training alone: large logits hide the slope of the loss from an attacker."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.classifier import Classifier


class DefensiveTemperature(Classifier):
    """Training at temperature T and test at 1, as in sections IV and V of Papernot et al. (2016): L = CE(z / T, y).

    The logits become T times as large, so that the softmax of the test goes to 0 and 1 and gradients of its
    cross-entropy to 0: attacks that follow these fail, and others do not (Carlini and Wagner 2017). The paper trains a
    second network on the first one's softmax at T; that leaves the mechanism as it is, and is left out here.
    """

    paper = "defensive_distillation"
    temperature: float = setting(20.0, low=1.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits / self.temperature, labels)
