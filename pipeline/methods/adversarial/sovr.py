"""Switching one-vs-the-rest loss: of a batch's attacked images those of the smallest margins have another loss."""

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.adversarial import Adversarial
from pipeline.ops.class_scores import margins
from pipeline.ops.one_vs_rest import one_vs_rest


class SOVR(Adversarial):
    """L = (1 / B) (sum_{easy} CE(z(x'), y) + lambda sum_{difficult} OVR(z(x'), y)), x' as in `pgd_at`.

    OVR(z, y) = phi(z_y) + sum_{k != y} phi(-z_k), phi(a) = log(1 + exp(-a)). Difficult are the M per cent of the batch
    whose logit margin loss max_{k != y} z_k - z_y is greatest, rounded to a whole number of images; which they are is
    not differentiated. M = 0 is `pgd_at`. M = 40 and lambda = 0.5 are not confirmed: neither the paper's values nor the
    authors' code could be read. Before training OVR is K log 2 where CE is log K, so that lambda acts on the size of
    steps too.
    """

    paper = "sovr"
    difficult: float = setting(0.4, unit="share of the batch", low=0.0, high=1.0)
    """M / 100."""
    weight: float = setting(0.5, low=0.0)
    """lambda."""

    def loss(self, batch: Batch) -> Tensor:
        labels = batch.labels
        images = self.attacked(lambda logits: F.cross_entropy(logits, labels, reduction="sum"), batch.views[0])
        return self.objective(self.logits(self.encoder(images)), labels)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        order = margins(logits.detach(), labels).argsort(stable=True)
        count = round(self.difficult * len(labels))
        hard, easy = order[:count], order[count:]
        total = F.cross_entropy(logits[easy], labels[easy], reduction="sum")
        if count:
            total = total + self.weight * one_vs_rest(logits[hard], labels[hard]).sum()
        return total / len(labels)
