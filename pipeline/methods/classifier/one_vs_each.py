"""The true class against each other class in turn: a product of pairwise probabilities, a bound on the softmax."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.negatives import gaps


class OneVsEach(Classifier):
    """L = -sum_{k != y} log sigma(psi_y - psi_k), averaged over the batch: the negative log of a lower bound on p_y.

    1 + sum_k e^{g_k} <= prod_k (1 + e^{g_k}) with g_k = psi_k - psi_y, and the product, a sum in the log, can be
    estimated without bias from `negatives` classes drawn anew for each example: (K - 1) / S times the sum over them.
    Their number is the paper's choice for each data set; 20 is that of Augment & Reduce (2018), where this is the
    baseline, for 148 classes. With K - 1 or more the bound is exact; with two classes it is cross-entropy. Prediction
    is by the softmax of the logits. All K logits are computed, and those not drawn thrown away: what is saved for very
    many classes is not saved here.
    """

    paper = "one_vs_each"
    negatives: int = setting(20, unit="classes", low=1)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return (logits.shape[1] - 1) * F.softplus(gaps(logits, labels, self.negatives)).mean()
