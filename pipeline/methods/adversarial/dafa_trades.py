"""DAFA on TRADES: radius and weight of labels go from easy classes to the hard ones that are taken for them."""

from collections.abc import Callable

from pipeline.contract import Batch, Tensor
from pipeline.methods.adversarial.dafa_at import DAFAAT
from pipeline.methods.adversarial.trades import TRADES


class DAFATRADES(DAFAAT, TRADES):
    """L = W_y CE(f(x), y) + beta max_{|x' - x| <= W_y r} KL(f(x) || f(x')), with the weights of `dafa_at`.

    As in the authors' code W multiplies the first term alone, beside radius and step, and s is of x'. Ten steps and
    beta = 6 are theirs for CIFAR-10. lambda = 0 is `trades`, whose choices hold here too.
    """

    paper = "dafa"

    def loss(self, batch: Batch) -> Tensor:
        return TRADES.loss(self, batch)

    def turned(self, apart: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        return self.attacked_by_class(apart, batch.views[0], batch.labels)

    def fit(self, logits: Tensor, others: Tensor, batch: Batch) -> Tensor:
        self.record(others, batch.labels)
        return self.weighted_entropy(logits, batch.labels)
