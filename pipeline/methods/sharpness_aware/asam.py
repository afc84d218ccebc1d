"""Sharpness-aware steps within a radius that counts relative to each weight's size, which no rescaling changes."""

import torch

from pipeline.contract import Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import SharpnessAware
from pipeline.ops.sharpness import ascent


class ASAM(SharpnessAware, CrossEntropy):
    """e = rho T^2 g / |T g| of Kwon et al. (2021), with T = |w| + eta for weights and 1 for biases.

    Weights are, as in the authors' code, all parameters of that name, those of normalisation included. rho = 0.5 is
    their value for CIFAR-10, eta = 0.01 for all.
    """

    paper = "asam"
    rho = 0.5
    eta: float = setting(0.01, low=0.0)

    @torch.no_grad()
    def ascend(self, gradients: list[Tensor], radius: float) -> list[Tensor]:
        reached = [(name, weight) for name, weight in self.named_parameters() if weight.grad is not None]
        sizes = [
            weight.abs() + self.eta if name.endswith("weight") else torch.ones_like(weight) for name, weight in reached
        ]
        steps = ascent([size * gradient for size, gradient in zip(sizes, gradients, strict=True)], radius)
        return [size * step for size, step in zip(sizes, steps, strict=True)]
