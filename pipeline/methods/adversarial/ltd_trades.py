"""LTD on TRADES: images as they are learn from a teacher's softened predictions, attacked ones to be told alike."""

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor
from pipeline.methods.adversarial.ltd_at import LTDAT
from pipeline.methods.adversarial.trades import TRADES


class LTDTRADES(LTDAT, TRADES):
    """L = H(q, softmax z(x)) + beta max_{|x' - x| <= r} KL(f(x) || f(x')), with the targets q of `ltd_at`.

    One-hot q make it `trades`, whose choices and settings hold here too. How LTD and TRADES are joined is our reading.
    """

    paper = "ltd"

    def loss(self, batch: Batch) -> Tensor:
        return TRADES.loss(self, batch)

    def fit(self, logits: Tensor, others: Tensor, batch: Batch) -> Tensor:
        return F.cross_entropy(logits, self.targets(batch))
