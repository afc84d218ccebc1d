"""Each class weighs in inverse proportion to its effective number of examples, of which more bring ever less."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.balanced import Balanced, effective_weights


class ClassBalanced(Balanced):
    """Class-balanced softmax cross-entropy: L = -w_y log p_y with w_k ~ (1 - beta) / (1 - beta^n_k).

    Weights sum to K. As in the authors' code the batch's mean is over examples, not over weights. beta = 0 is
    cross-entropy, beta -> 1 weights by 1 / n_k. The authors choose beta among 0.9, 0.99, 0.999 and 0.9999; the last
    is their script's for long-tailed CIFAR-10. With a few thousand examples 0.9999 is nearly 1 / n_k.
    """

    paper = "class_balanced"
    training_only = ("counts", "weights")
    beta: float = setting(0.9999, low=0.0, high=0.999999)

    weights: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("weights", effective_weights(context.class_counts, self.beta))

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return (self.weights[labels] * F.cross_entropy(logits, labels, reduction="none")).mean()
