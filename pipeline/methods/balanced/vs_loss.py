"""Logits of rare classes are scaled down and shifted down in training, so that they grow the further in return."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.balanced import Balanced


class VSLoss(Balanced):
    """Vector scaling: L = -log softmax(Delta z + iota)_y with Delta_k = (N_k / N_max)^gamma and iota_k = tau log pi_k.

    Averaged over the batch, without class weights; evaluation takes softmax(z). gamma = 0 is the logit-adjusted loss,
    with tau = 0 cross-entropy; tau = 0 alone is the class-dependent temperature. gamma = 0.3 and tau = 1 are the
    defaults of the authors' code, in which z is divided by (N_max / N_k)^gamma; it tunes both by data set, and has
    gamma = 0.2 and tau = 1.2 as its example for CIFAR-10 at imbalance 100. The form for groups is not here.
    """

    paper = "vs_loss"
    gamma: float = setting(0.3, low=0.0)
    tau: float = setting(1.0, low=0.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        scales = (self.counts / self.counts.max()) ** self.gamma
        return F.cross_entropy(scales * logits + self.tau * self.log_prior, labels)
