"""Adversarial training, certified by interval bounds: what they are worth where nothing was trained for them."""

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.interval_bounds import IntervalBounds
from pipeline.ops.attacks import PGD, evaluating
from pipeline.ops.balls import Linf


class PGDIBP(IntervalBounds):
    """Cross-entropy of the images that projected gradient ascent makes worst: `pgd_at` (Madry et al. 2018)."""

    paper = "ibp"
    steps: int = setting(7, low=0)
    step_size: float = setting(0.25, unit="radius", low=0.0)

    def loss(self, batch: Batch) -> Tensor:
        attack = PGD(Linf(self.radius), self.steps, self.step_size * self.radius)
        with evaluating(self):
            images = attack(lambda moved: self._loss(moved, batch.labels), batch.views[0], self.inputs)
        return self._loss(images, batch.labels) / len(images)

    def _loss(self, images: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.logits(self.encoder(images)), labels, reduction="sum")
