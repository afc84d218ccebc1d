"""The training set's class shares go into the softmax, so that the logits need not carry them."""

import torch.nn.functional as F

from pipeline.contract import Tensor
from pipeline.methods.balanced import Balanced


class BalancedSoftmax(Balanced):
    """L = -log(n_y e^z_y / sum_k n_k e^z_k), averaged over the batch; evaluation takes softmax(z).

    The softmax with shares is the posterior on data like the training set, the plain one that on balanced data.
    Equal counts make it cross-entropy. The meta-learnt sampler of the paper's second part is not here.
    """

    paper = "balanced_softmax"

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits + self.log_prior, labels)
