"""LTD on TRADES: images as they are learn from a teacher's softened predictions, attacked ones to be told alike."""

from dataclasses import replace

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.adversarial.ltd_at import LTDAT
from pipeline.methods.adversarial.trades import divergence
from pipeline.ops.attacks import PGD, Nearby, evaluating


class LTDTRADES(LTDAT):
    """L = H(q, softmax z(x)) + beta max_{|x' - x| <= r} KL(f(x) || f(x')), with the targets q of `ltd_at`.

    One-hot q make it `trades`, whose choices and settings hold here too. How LTD and TRADES are joined is our reading.
    """

    paper = "ltd"
    steps = 10
    step_size = 0.226
    beta: float = setting(6.0, low=0.0)

    def attack(self) -> PGD:
        return replace(super().attack(), start=Nearby(0.001))

    def loss(self, batch: Batch) -> Tensor:
        images = batch.views[0]
        with evaluating(self), torch.no_grad():
            clean = self.logits(self.encoder(images)).log_softmax(1)
        moved = self.attacked(lambda z: divergence(clean, z.log_softmax(1)), images)
        logits = self.logits(self.encoder(images))
        apart = divergence(logits.log_softmax(1), self.logits(self.encoder(moved)).log_softmax(1))
        return F.cross_entropy(logits, self.targets(batch)) + self.beta * apart.mean()
