"""LDR-KL with a temperature for each example, higher where the prediction stays unsure, as under wrong labels."""

import math

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.classifier.ldr_kl import LDRKL

ROUNDS = 10
"""Updates of a new example's temperature; training makes one an epoch."""


class ALDRKL(LDRKL):
    """L_i = lambda_i log (1/K) sum_k exp((f_k - f_y + c_ky) / lambda_i) - a (lambda_i - lambda_0)^2 / 2.

    a = alpha log K / lambda_0. The best lambda_i given p is lambda_0 (1 - KL(p, 1/K) / (alpha log K)), between
    lambda_0 (1 - 1/alpha) where p is one-hot and lambda_0 where it is uniform, hence alpha > 1. As in the authors'
    code, each visit of an example renews its lambda_i from p = softmax(f / lambda_i), without labels and margins and
    before the loss, and no gradient flows through it; their 1e-5 added to p is left out. alpha -> infinity is LDR-KL
    at lambda_0.

    A large lambda resists wrong labels only where scores are bounded, so `normalise` is on here: it is
    softplus(f) / mean(softplus(f)), as their code has it for CIFAR-100. Elsewhere they divide f by mean |f|, which lets
    scores be negative. lambda_0 is chosen among {0.1, 1, 10} by cross-validation; the default is LDR-KL's. alpha and
    margin are those of their script.

    Their evaluation needs no lambda. Here a new example gets one as a training example does, by 10 updates from
    lambda_0, and `logits` returns f / lambda_i. `label_scores` is -lambda_i, which the paper reads as the degree of
    noise of a label.
    """

    paper = "ldr"
    normalise = True
    alpha: float = setting(2.0, low=1.01)

    temperatures: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("temperatures", torch.full((context.train_examples,), self.temperature))

    def scores(self, features: Tensor) -> Tensor:
        """f (B, K)."""
        return super().logits(features) * self.temperature

    def logits(self, features: Tensor) -> Tensor:
        f = self.scores(features)
        found = f.new_full((len(f),), self.temperature)
        for _ in range(ROUNDS):
            found = self.adapted(f.detach(), found)
        return f / found[:, None]

    def adapted(self, f: Tensor, temperatures: Tensor) -> Tensor:
        """lambda_i (B,) of scores (B, K) and the temperatures before."""
        log_p, log_k = (f / temperatures[:, None]).log_softmax(1), math.log(f.shape[1])
        divergence = log_k + (log_p.exp() * log_p).sum(1)
        return self.temperature * (1 - divergence / (self.alpha * log_k))

    def loss(self, batch: Batch) -> Tensor:
        f = self.scores(self.encoder(batch.views[0]))
        found = self.adapted(f.detach(), self.temperatures[batch.indices])
        self.temperatures[batch.indices] = found
        return self.adaptive(f, batch.labels, found)

    def adaptive(self, f: Tensor, labels: Tensor, temperatures: Tensor) -> Tensor:
        """L of scores (B, K), averaged over the batch."""
        log_k = math.log(f.shape[1])
        margins = (1 - F.one_hot(labels, f.shape[1])) * self.margin
        costs = F.cross_entropy((f + margins) / temperatures[:, None], labels, reduction="none") - log_k
        pull = self.alpha * log_k / (2 * self.temperature) * (temperatures - self.temperature) ** 2
        return (temperatures * costs - pull).mean()

    def label_scores(self) -> Tensor:
        return -self.temperatures
