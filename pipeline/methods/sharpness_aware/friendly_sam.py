"""Sharpness-aware steps that climb by what is particular to the batch: its gradient less the mean of earlier ones."""

import torch

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import SharpnessAware
from pipeline.ops.vectors import flat, split


class FriendlySAM(SharpnessAware, CrossEntropy):
    """F-SAM of Li et al. (2024): e = rho d / |d| with d = g - sigma m, and m <- lambda m + (1 - lambda) g after it.

    As in the authors' code, the first step climbs by g itself and m begins as g. sigma = 1 is theirs, lambda = 0.9
    their optimiser's default; their scripts have 0.6 and 0.95 as well.
    """

    paper = "friendly_sam"
    training_only = ("mean", "begun")
    sigma: float = setting(1.0, low=0.0)
    decay: float = setting(0.9, low=0.0, high=1.0)
    mean: Tensor
    begun: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("mean", torch.zeros(sum(weight.numel() for weight in self.parameters())))
        self.register_buffer("begun", torch.tensor(False))

    def climb(self, batch: Batch) -> Tensor:
        loss = super().climb(batch)
        gradients = [weight.grad for weight in self.parameters() if weight.grad is not None]
        now = flat(gradients)
        if self.begun:
            torch._foreach_sub_(gradients, split(self.sigma * self.mean, gradients))
            self.mean.lerp_(now, 1 - self.decay)
        else:
            self.mean.copy_(now)
            self.begun.fill_(True)
        return loss
