"""Adversarial training: cross-entropy of the images that projected gradient ascent makes worst."""

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor
from pipeline.methods.adversarial import Adversarial


class PGDAT(Adversarial):
    """Equation 2.1: min_theta E max_{|d| <= r} L(theta, x + d, y), L cross-entropy, from a uniform start.

    Seven steps of r/4 are the paper's for CIFAR-10; the authors' later code has ten. That code makes the attack with
    the batch's own statistics; here it is made in evaluation mode.
    """

    paper = "pgd_at"

    def loss(self, batch: Batch) -> Tensor:
        images = self.attacked(lambda logits: F.cross_entropy(logits, batch.labels, reduction="sum"), batch.views[0])
        return F.cross_entropy(self.logits(self.encoder(images)), batch.labels)
