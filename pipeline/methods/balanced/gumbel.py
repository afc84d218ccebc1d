"""Each class has its own yes or no, with Gumbel's distribution function for the logistic one: slower to say no."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.classifier import Classifier

CLAMP = -4.0, 10.0
"""Least and greatest q."""


class Gumbel(Classifier):
    """L = -sum_k [y_k log p_k + (1 - y_k) log(1 - p_k)] with p = exp(-exp(-q)), q clamped to [-4, 10] as in the code.

    Summed over classes and averaged over examples, as in the authors' detectors. There the class scores start at a
    bias of -2 with all weights 0.001, where p is as rare as a class among a thousand; here the bias starts at `bias`
    and the weights as a linear layer's. The code also caps the loss at 20, which only stops learning, so not here.
    Gumbel activation alone: the GOL of the paper's tables adds re-sampling, a normalised mask head and the dropping
    of rare classes' losses on background proposals, which classification has not.

    `logits` returns the log-odds log p/(1 - p) instead of q. They order classes as q does; their softmax is the
    probability of each class given that exactly one of K independent answers is yes; and binary cross-entropy of them
    is L. Beyond the clamp they go on with slope 1, so that predictions keep their order; L is of the clamped ones, as
    in the code, and has no gradient there.
    """

    paper = "gol"
    bias: float = setting(-2.0, unit="q")

    def build(self, context: Context) -> None:
        super().build(context)
        assert isinstance(self.head, nn.Linear)
        nn.init.constant_(self.head.bias, self.bias)

    def logits(self, features: Tensor) -> Tensor:
        return log_odds(self.head(features))

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        truth = F.one_hot(labels, logits.shape[1]).to(logits)
        # log-odds rise with q: those of the clamped q are the clamped log-odds
        kept = logits.clamp(*log_odds(torch.tensor(CLAMP, dtype=torch.float64)).tolist())
        return F.binary_cross_entropy_with_logits(kept, truth, reduction="none").sum(1).mean()


def log_odds(q: Tensor) -> Tensor:
    """log p/(1 - p) of p = exp(-exp(-q)) at q clamped, plus what the clamp took away as a constant."""
    kept = q.clamp(*CLAMP)
    rate = (-kept).exp()
    return -rate - torch.log(-torch.expm1(-rate)) + (q - kept).detach()
