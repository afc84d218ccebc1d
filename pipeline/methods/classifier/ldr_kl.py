"""The worst distribution over labels, held near uniform by a KL penalty, decides how wrong a prediction is."""

import math

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.classifier import Classifier


class LDRKL(Classifier):
    """L = lambda log (1/K) sum_k exp((f_k - f_y + c_ky) / lambda), c_ky = margin for k != y and c_yy = 0.

    It is the closed form of max_p sum_k p_k (f_k - f_y + c_ky) - lambda KL(p, 1/K). lambda = 1 with margin 0 is
    cross-entropy less log K, a constant the paper's form keeps (a uniform prediction costs 0); lambda -> 0 is
    Crammer and Singer's max_k (f_k - f_y + c_ky); lambda -> infinity is the mean over k of f_k - f_y + c_ky.

    `logits` returns f / lambda: at margin 0 its softmax is the probability that this loss estimates, so NLL and
    ECE judge what was trained. Defaults: lambda from the authors' grid {0.1, 1, 10}, which they choose by
    cross-validation, and the margin of their experiments' script. Their code puts softplus(f) / mean(softplus(f))
    in place of f; the formula does not, so it is off here and `normalise` switches it on.
    The adaptive lambda per example is `aldr_kl`.
    """

    paper = "ldr"
    temperature: float = setting(1.0, unit="logits (lambda)", low=1e-3)
    margin: float = setting(0.1, unit="logits", low=0.0)
    normalise: bool = setting(False)

    def logits(self, features: Tensor) -> Tensor:
        f = self.head(features)
        if self.normalise:
            f = F.softplus(f)
            f = f / f.mean(1, keepdim=True)
        return f / self.temperature

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        margins = (1 - F.one_hot(labels, logits.shape[1])) * (self.margin / self.temperature)
        return self.temperature * (F.cross_entropy(logits + margins, labels) - math.log(logits.shape[1]))
