"""One family from the exponential loss over cross-entropy to the mean absolute error, which heeds errors ever less."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.classifier import Classifier


class CompSum(Classifier):
    """L = Phi_tau(u), u = sum_{k != y} exp(z_k - z_y); Phi_tau(u) = ((1 + u)^(1 - tau) - 1) / (1 - tau).

    Phi_1(u) = log(1 + u). With p = softmax(z), 1 + u = 1 / p_y, so L is expm1((1 - tau) CE) / (1 - tau), which is how
    it is computed. tau = 0 is the sum-exponential loss u, tau = 1 the logistic loss (cross-entropy), tau in (1, 2)
    generalised cross-entropy with q = tau - 1, tau = 2 is 1 - p_y, half the mean absolute error. The gradient is
    p_y^(tau - 1) that of cross-entropy.

    The default is the logistic loss, from which the abstract sets out, so that the default row repeats cross_entropy;
    the study's variants are the other members. Where labels are drawn from q, the least expected loss below tau = 2 is
    at softmax(z) ~ q^(1 / (2 - tau)): less sure than the labels for tau < 1, surer for tau > 1. Evaluation takes
    softmax(z) all the same. The paper's adversarial losses are not here.
    """

    paper = "comp_sum"
    tau: float = setting(1.0, low=0.0, high=2.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        costs, power = F.cross_entropy(logits, labels, reduction="none"), 1 - self.tau
        return ((power * costs).expm1() / power if power else costs).mean()
