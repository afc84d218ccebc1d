"""DAFA: a hard class gets a greater radius and weight, at the cost of those easier classes that it is taken for."""

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.ops.attacks import evaluating
from pipeline.ops.balls import BALLS


class DAFAAT(PGDAT):
    """Algorithms 1 and 2: L = W_y CE(f(x'), y), x' by ascent in steps of W_y a within W_y r.

    W = 1 in the warm-up, and what `class_weights` makes afterwards of s_ij, the mean probability of class j for the
    attacked images of class i in the last epoch of it, in training mode as the step sees them. lambda = 1 and a warm-up
    of 70 of 110 epochs are the paper's for CIFAR-10 (1.5 for CIFAR-100 and STL-10). lambda = 0 is `pgd_at`. Ours: the
    uniform start of `pgd_at` where the authors' code starts near x, and weights below 0, which no radius can have, are
    0. `madry_loss` of that code takes a second, unweighted step at every gradient and cuts to the unweighted ball;
    that is not the formula, and is not followed.
    """

    paper = "dafa"
    strength: float = setting(1.0, low=0.0)
    """lambda"""
    warm_up: float = setting(0.636, unit="share of epochs", low=0.0, high=1.0)
    weighted: str = setting("both", choices=("both", "loss", "radius"))
    """What W multiplies; "both" is the paper's."""

    weights: Tensor
    sums: Tensor
    counts: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        classes = context.num_classes
        self.warm_epochs, self.recording = max(1, round(self.warm_up * context.epochs)), False
        self.register_buffer("weights", torch.ones(classes))
        self.register_buffer("sums", torch.zeros(classes, classes))
        self.register_buffer("counts", torch.zeros(classes))

    def start_epoch(self, epoch: int) -> None:
        self.recording = epoch == self.warm_epochs - 1
        if self.recording:
            self.sums.zero_()
            self.counts.zero_()
        if epoch == self.warm_epochs:
            similarity = self.sums / self.counts.clamp_min(1)[:, None]
            self.weights.copy_(class_weights(similarity, self.strength))

    def loss(self, batch: Batch) -> Tensor:
        labels = batch.labels
        moved = self.attacked_by_class(
            lambda logits: F.cross_entropy(logits, labels, reduction="sum"), batch.views[0], labels
        )
        logits = self.logits(self.encoder(moved))
        self.record(logits, labels)
        return self.weighted_entropy(logits, labels)

    def attacked_by_class(self, loss: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor) -> Tensor:
        """As `attacked`, with radius and step W_y times as long."""
        attack = self.attack()
        if self.weighted != "loss":
            share = self.weights[labels].view(-1, *[1] * (images.ndim - 1))
            attack = replace(attack, ball=BALLS[self.norm](share * self.radius), step_size=share * attack.step_size)
        with evaluating(self):
            return attack(lambda moved: loss(self.logits(self.encoder(moved))), images, self.inputs)

    def weighted_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The mean of W_y CE(z, y)."""
        each = F.cross_entropy(logits, labels, reduction="none")
        return (each if self.weighted == "radius" else self.weights[labels] * each).mean()

    @torch.no_grad()
    def record(self, logits: Tensor, labels: Tensor) -> None:
        """Count attacked images in, in the last epoch of the warm-up."""
        if self.recording:
            self.sums.index_add_(0, labels, logits.softmax(1).to(self.sums))
            self.counts += torch.bincount(labels, minlength=len(self.counts))


def class_weights(similarity: Tensor, strength: float) -> Tensor:
    """(K,) W of s (K, K): each pair moves lambda s_ij s_jj from j, the easier class (s_jj > s_ii), to i; the sum is K.

    Where a pair is equally hard, nothing moves; in the authors' code both lose, and the sum is below K.
    """
    ease = similarity.diag()
    moved = torch.where(ease[:, None] < ease, similarity * ease, 0)
    return (1 + strength * (moved.sum(1) - moved.sum(0))).clamp_min(0)
