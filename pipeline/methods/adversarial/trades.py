"""TRADES: cross-entropy of images as they are, and how far an attack can turn the prediction away from theirs."""

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.adversarial import Adversarial
from pipeline.ops.attacks import PGD, Nearby, evaluating


class TRADES(Adversarial):
    """Section 4: L = CE(f(x), y) + beta max_{|x' - x| <= r} KL(f(x) || f(x')), beta = 1 / lambda.

    Ten steps of 0.007 at r = 0.031 and beta = 6 are the authors' for CIFAR-10 (train_trades_cifar10.py); beta = 1 is
    their more accurate and less robust model. The ascent starts near x, since KL has no gradient at x itself. Both
    sides of KL are differentiated in training, and only x' in the attack. x passes the network in training mode once,
    not twice as in their code, so that running statistics see x and x' alike.
    """

    paper = "trades"
    steps = 10
    step_size = 0.226
    beta: float = setting(6.0, low=0.0)

    def attack(self) -> PGD:
        return replace(super().attack(), start=Nearby(0.001))

    def loss(self, batch: Batch) -> Tensor:
        images = batch.views[0]
        with evaluating(self), torch.no_grad():
            clean = self.logits(self.encoder(images)).log_softmax(1)
        moved = self.turned(lambda logits: divergence(clean, logits.log_softmax(1)), batch)
        logits = self.logits(self.encoder(images))
        others = self.logits(self.encoder(moved))
        apart = divergence(logits.log_softmax(1), others.log_softmax(1))
        return self.fit(logits, others, batch) + self.beta * apart.mean()

    def turned(self, apart: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        """The images moved to where their logits (B, K) are far `apart` (B,) from those of the images as they are."""
        return self.attacked(apart, batch.views[0])

    def fit(self, logits: Tensor, others: Tensor, batch: Batch) -> Tensor:
        """The first term, of the logits of the images as they are and as they were moved, (B, K)."""
        return F.cross_entropy(logits, batch.labels)


def divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """(B,) KL(p || q) of the rows of two log-probabilities (B, K)."""
    return F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(1)
