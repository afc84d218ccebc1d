"""Each example's normaliser is learned as a variational parameter, so that a few classes a step stand for all."""

import math

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.negatives import gaps


class AugmentReduce(Classifier):
    """Softmax A&R: log p_y >= 1 - log(1 + eta_n) - (1 + s_n) / (1 + eta_n), s_n = sum_{k != y} e^{psi_k - psi_y}.

    It is the bound of the softmax as Gumbel utilities, of which the true class's is integrated over a Gumbel whose
    natural parameter is 1 + eta_n; eta_n = s_n makes it exact. s_n enters linearly, so that (K - 1) / S times the sum
    over S = `negatives` classes estimates it. Each step moves eta_n of the examples in the batch (a natural gradient
    step) to (1 - rho) eta_n + rho times the estimate of s_n, and takes the gradient of the bound with the new eta_n,
    with the same classes.

    As in the authors' code, classes are drawn for each example, eta_n begins at 1, and rho = (1 + epoch)^-0.9 with
    epochs counted from 1. The number of classes is theirs for each data set: 20 of 148 for Bibtex, and 1 of 10 up to
    60 of 2,919 for others. eta_n is kept as a logarithm, so that no exponential overflows; the gradient of an example
    is at most 1 / rho that of the softmax's worst. Their models are linear, learned without weight decay; here the
    encoder is learned too. All K logits are computed, and those not drawn thrown away. Prediction is by the softmax.
    Multinomial probit and logistic A&R are not here.
    """

    paper = "augment_reduce"
    training_only = ("log_eta",)
    negatives: int = setting(20, unit="classes", low=1)
    forgetting: float = setting(0.9, unit="exponent of epochs", low=0.5, high=1.0)

    epoch: int = 0
    log_eta: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("log_eta", torch.zeros(context.train_examples))

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def loss(self, batch: Batch) -> Tensor:
        return self.bound(self.logits(self.encoder(batch.views[0])), batch.labels, batch.indices)

    def bound(self, logits: Tensor, labels: Tensor, indices: Tensor) -> Tensor:
        """The negative of the bound, with eta of the examples at `indices` updated before."""
        others = gaps(logits, labels, self.negatives)
        log_s = others.logsumexp(1) + math.log((logits.shape[1] - 1) / others.shape[1])
        rho = (2 + self.epoch) ** -self.forgetting
        with torch.no_grad():
            kept = self.log_eta[indices] + math.log(1 - rho)
            log_eta = torch.logaddexp(kept, log_s + math.log(rho))
            self.log_eta[indices] = log_eta.to(self.log_eta.dtype)
        natural = F.softplus(log_eta)  # log(1 + eta)
        return (natural - 1 + (-natural).exp() + (log_s - natural).exp()).mean()
