"""The control of sharpness-aware steps: a random direction in place of the ascent, of the same length."""

import torch

from pipeline.contract import Tensor
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import SharpnessAware
from pipeline.ops.sharpness import ascent


class RandomPerturbation(SharpnessAware, CrossEntropy):
    """e = rho z / |z| with z normal over all weights, drawn anew at each step; the gradient is that at w + e.

    Ours, of equal cost: the first pass is made and only its loss is used.
    """

    paper = "sam_paper"

    def ascend(self, gradients: list[Tensor], radius: float) -> list[Tensor]:
        return ascent([torch.randn_like(gradient) for gradient in gradients], radius)
