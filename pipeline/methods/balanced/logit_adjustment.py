"""Cross-entropy as usual; the class shares it has learnt are taken out of the logits when it predicts."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.balanced import Balanced


class LogitAdjustment(Balanced):
    """The post-hoc form: f_k = z_k - tau log pi_k of a head z trained by cross-entropy; tau = 1.

    `logits` returns f, and the objective puts tau log pi back, which gives cross-entropy of z. As an objective on f
    that is the paper's other form, the logit-adjusted loss, which at tau = 1 is the balanced softmax. In a head with a
    bias the two forms differ by where the bias starts and nothing else: here z starts even between classes, there f
    does. This row differs from `balanced_softmax` by that alone, as far as training does not forget it. tau = 0 is
    cross-entropy. The authors' code adds 1e-12 to pi^tau, which changes nothing here.
    """

    paper = "logit_adjustment"
    training_only = ()
    tau: float = setting(1.0, low=0.0)

    def logits(self, features: Tensor) -> Tensor:
        return self.head(features) - self.tau * self.log_prior

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits + self.tau * self.log_prior, labels)
