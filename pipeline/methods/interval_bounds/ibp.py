"""Interval bound propagation: cross-entropy of the worst logits that interval bounds allow around an image."""

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.interval_bounds import IntervalBounds


class IBP(IntervalBounds):
    """L = kappa CE(z, y) + (1 - kappa) CE(z*, y), equation 11: z*_y the lower bound of z_y, z*_j the upper ones.

    After `warmup` of training at kappa = 1 and radius 0, in `ramp` of it kappa falls to 1/2 and the radius grows to
    `excess` times the one that is certified, both linearly. Shares and excess are those of the authors' code for digits
    (2,000 and 10,000 of 60,000 steps, 0.33 for 0.3). CE depends on differences of logits only, so that z*_j is taken
    as the bound of z_j - z_y and z*_y as 0.
    """

    paper = "ibp"
    kappa: float = setting(0.5, low=0.0, high=1.0)
    excess: float = setting(1.1, low=0.0)
    warmup: float = setting(0.033, unit="training", low=0.0, high=1.0)
    ramp: float = setting(0.167, unit="training", low=0.0, high=1.0)

    @property
    def ramped(self) -> float:
        """How much of the ramp is behind, from 0 to 1."""
        if not self.ramp:
            return float(self.progress >= self.warmup)
        return min(max((self.progress - self.warmup) / self.ramp, 0.0), 1.0)

    def loss(self, batch: Batch) -> Tensor:
        images, labels = batch.views[0], batch.labels
        loss = F.cross_entropy(self.logits(self.encoder(images)), labels)
        if not self.ramped:
            return loss
        worst = self.worst(images, labels, self.ramped * self.excess * self.radius)
        kappa = 1 - (1 - self.kappa) * self.ramped
        return kappa * loss + (1 - kappa) * F.cross_entropy(worst, labels)
