"""LTD: adversarial training whose labels are the slightly softened predictions of a network trained as usual."""

from typing import Self

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.classifier import Classifier
from pipeline.ops.soft_labels import kept_at, softened


class LTDAT(PGDAT):
    """L = max_{|x' - x| <= r} H(q, softmax z(x')), q = softmax(z^T(x) / T): a teacher's z^T of the image as it is.

    The student has temperature 1 in training and test, so that its logits are not blown up as in defensive
    distillation, and T is low. Formula and T = 2 are our reading of the abstract, which the authors' repository does
    not confirm, as it has no code; that the attack raises the loss with the same targets is ours too. The teacher is
    the run that the study names as base; it sees what the student sees, augmented alike, and is never in training mode.
    As T goes to 0 with a teacher that is right, this is `pgd_at`.
    """

    paper = "ltd"
    builds_on = True
    requires = ("base_kind == 'classifier'", "base_num_classes == num_classes", "base_shape[0] == shape[0]")
    training_only = ("teacher",)
    temperature: float = setting(2.0, low=1e-3)
    """T, of the teacher alone."""
    soft_labels: str = setting("teacher", choices=("teacher", "smoothing"))
    """With "smoothing", a control of ours: labels smoothed to the mean entropy that the teacher's have in the batch."""

    def build(self, context: Context) -> None:
        super().build(context)
        assert isinstance(context.base, Classifier)
        self.teacher = context.base

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.teacher.eval()
        return self

    def loss(self, batch: Batch) -> Tensor:
        targets = self.targets(batch)
        moved = self.attacked(lambda z: F.cross_entropy(z, targets, reduction="sum"), batch.views[0])
        return F.cross_entropy(self.logits(self.encoder(moved)), targets)

    @torch.no_grad()
    def targets(self, batch: Batch) -> Tensor:
        """(B, K) q."""
        log_q = (self.teacher.logits(self.teacher.encoder(batch.views[0])) / self.temperature).log_softmax(1)
        if self.soft_labels == "teacher":
            return log_q.exp()
        entropy = -(log_q.exp() * log_q).sum(1).mean()
        return softened(batch.labels, log_q.shape[1], kept_at(entropy.item(), log_q.shape[1])).to(log_q)
