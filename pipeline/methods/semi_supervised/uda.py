"""UDA: strongly augmented views learn the sharpened prediction of weakly augmented ones; labels come out as needed."""

import math

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.semi_supervised import WeakToStrong
from pipeline.ops.pseudo_labels import pseudo_labels


class UDA(WeakToStrong):
    """L_u = mean 1[max p > beta] KL(p^(1/T) / sum, q), p of the weak view without gradient and q of the strong one.

    With training signal annealing (section 3.3) a labelled input counts while the probability of its class is at most
    eta = 1/K + (1 - 1/K) a(t), and the mean is over those: a is t, exp(5 (t - 1)) or 1 - exp(-5 t), t the share of
    training; "none" keeps all. beta, T and seven unlabelled inputs are those of the authors' script for CIFAR-10, which
    passes all views as one batch, as the family does. Their unlabelled views are not augmented, ours weakly, and their
    script has no annealing. (The benchmark USB has T among its options, but does not sharpen.)
    """

    paper = "uda"
    threshold: float = setting(0.8, unit="probability", low=0.0, high=1.0)
    temperature: float = setting(0.4, low=1e-3)
    annealing: str = setting("none", choices=("none", "linear", "exp", "log"))

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        weak, strong = logits
        wanted = (weak.detach() / self.temperature).softmax(1)
        gap = F.kl_div(strong.log_softmax(1), wanted, reduction="none").sum(1)
        return (gap * self.assign(weak)[1]).mean()

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        return pseudo_labels(logits, self.threshold)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        losses = F.cross_entropy(logits, labels, reduction="none")
        counted = (-losses).exp().detach() <= self.highest(logits.shape[1])
        return (losses * counted).sum() / counted.sum().clamp(min=1)

    def highest(self, classes: int) -> float:
        """eta of so many classes; above 1 where all labels count."""
        t = self.progress
        shares = {"none": 2.0, "linear": t, "exp": math.exp(5 * (t - 1)), "log": 1 - math.exp(-5 * t)}
        return 1 / classes + (1 - 1 / classes) * shares[self.annealing]
