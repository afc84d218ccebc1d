"""Rarer classes must win by wider margins, and only late in training do they also weigh more."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.balanced import Balanced, effective_weights
from pipeline.ops.heads import CosineLinear


class LDAMDRW(Balanced):
    """LDAM: L = -log e^(s (z_y - m_y)) / (e^(s (z_y - m_y)) + sum_{k != y} e^(s z_k)), z cosines.

    m_k = C / n_k^(1/4) with C such that the largest is `margin`. Deferred re-weighting: from `deferred` of training
    on, examples weigh by their class's effective number (`class_balanced` with `beta`), and the batch's mean is over
    weights, as `torch`'s weighted cross-entropy has it. m = 0.5, s = 30, beta = 0.9999 and 160 of 200 epochs are the
    authors' code's for CIFAR; it lowers the learning rate a hundredfold at the same time, here that is the study's
    schedule. The epoch is that of training, so at another number of epochs the switch may fall inside one.
    Logits are s z, without margins.
    """

    paper = "ldam"
    training_only = ("counts", "weights", "margins")
    margin: float = setting(0.5, unit="cosine", low=0.0, high=1.0)
    scale: float = setting(30.0, unit="logits per cosine", low=1e-6)
    beta: float = setting(0.9999, low=0.0, high=0.999999)
    deferred: float = setting(0.8, unit="share of training", low=0.0, high=1.0)

    weights: Tensor
    margins: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.head = CosineLinear(context.feature_dim, context.num_classes)
        self.register_buffer("weights", effective_weights(context.class_counts, self.beta))
        self.register_buffer("margins", self.margin * (self.counts.min() / self.counts) ** 0.25)

    def logits(self, features: Tensor) -> Tensor:
        return self.scale * self.head(features)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        margins = self.scale * self.margins[labels, None] * F.one_hot(labels, logits.shape[1])
        weights = self.weights.to(logits) if self.progress >= self.deferred else None
        return F.cross_entropy(logits - margins, labels, weights)
