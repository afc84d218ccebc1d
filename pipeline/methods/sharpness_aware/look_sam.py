"""Sharpness-aware steps now and then; in between, what they added to the gradient is added again."""

import torch

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import TwoGradients
from pipeline.ops.sharpness import STABLE
from pipeline.ops.vectors import across, flat, length, split


class LookSAM(TwoGradients, CrossEntropy):
    """LookSAM of Liu et al. (2022): every k-th step is SAM's, with gradient g_s, of which g_v = g_s less its part along
    g is kept; the steps between take g + alpha (|g| / |g_v|) g_v.

    Lengths and angles are over all weights together; a public implementation has them tensor by tensor. alpha = 0.7
    and k = 5 are as there. k = 1 is `sam`.
    """

    paper = "look_sam"
    training_only = ("flatter", "taken")
    k: int = setting(5, unit="steps", low=1)
    alpha: float = setting(0.7, low=0.0)
    flatter: Tensor
    taken: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("flatter", torch.zeros(sum(weight.numel() for weight in self.parameters())))
        self.register_buffer("taken", torch.tensor(0))

    def radius(self) -> float:
        return self.rho if self.taken % self.k == 0 else 0.0

    def backward(self, batch: Batch) -> Tensor:
        loss = super().backward(batch)
        now = [weight.grad for weight in self.parameters() if weight.grad is not None]
        if self.radius():
            self.flatter.copy_(flat(across(now, self.below)))
        elif self.rho:
            size = float(length(now) / (self.flatter.norm() + STABLE))
            torch._foreach_add_(now, split(self.flatter, now), alpha=self.alpha * size)
        self.taken += 1
        return loss
