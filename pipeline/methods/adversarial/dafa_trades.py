"""DAFA on TRADES: radius and weight of labels go from easy classes to the hard ones that are taken for them."""

from dataclasses import replace

import torch

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.adversarial.dafa_at import DAFAAT
from pipeline.methods.adversarial.trades import divergence
from pipeline.ops.attacks import PGD, Nearby, evaluating


class DAFATRADES(DAFAAT):
    """L = W_y CE(f(x), y) + beta max_{|x' - x| <= W_y r} KL(f(x) || f(x')), with the weights of `dafa_at`.

    As in the authors' code W multiplies the first term alone, beside radius and step, and s is of x'. Ten steps and
    beta = 6 are theirs for CIFAR-10. lambda = 0 is `trades`, whose choices hold here too.
    """

    paper = "dafa"
    steps = 10
    step_size = 0.226
    beta: float = setting(6.0, low=0.0)

    def attack(self) -> PGD:
        return replace(super().attack(), start=Nearby(0.001))

    def loss(self, batch: Batch) -> Tensor:
        images, labels = batch.views[0], batch.labels
        with evaluating(self), torch.no_grad():
            clean = self.logits(self.encoder(images)).log_softmax(1)
        moved = self.attacked_by_class(lambda logits: divergence(clean, logits.log_softmax(1)), images, labels)
        logits = self.logits(self.encoder(images))
        others = self.logits(self.encoder(moved))
        self.record(others, labels)
        apart = divergence(logits.log_softmax(1), others.log_softmax(1))
        return self.weighted_entropy(logits, labels) + self.beta * apart.mean()
