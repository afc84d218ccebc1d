"""Softmax without its exponential: probabilities grow linearly with scores, so that sums do not swallow small ones."""

import torch.nn.functional as F

from pipeline.contract import Tensor
from pipeline.methods.classifier.cross_entropy import CrossEntropy


class StableMax(CrossEntropy):
    """L = -log s(x_y) / sum_k s(x_k), s(x) = x + 1 for x >= 0 and 1 / (1 - x) for x < 0, on the head's outputs x.

    `logits` returns log s(x) = sign(x) log(1 + |x|): its softmax is the StableMax probability, so the loss and all of
    evaluation are those of cross-entropy. The authors' code takes the logarithm in float64 after dividing; logarithms
    first need no more than float32.
    """

    paper = "grokking_stability"

    def logits(self, features: Tensor) -> Tensor:
        x = self.head(features)
        # relu and clamp_min differ in their gradient at 0: together it is 1
        return x.clamp_min(0).log1p() - F.relu(-x).log1p()
