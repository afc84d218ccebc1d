"""Sharpness-aware steps that also close the gap between the loss at the top and the loss at the weights."""

import torch

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import TwoGradients
from pipeline.ops.vectors import across


class GSAM(TwoGradients, CrossEntropy):
    """g_s - alpha g_across of Zhuang et al. (2022), g_across what of g is orthogonal to SAM's gradient g_s.

    Both losses fall to first order along g_s, and the gap L(w + e) - L(w) is lowered by climbing along g_across, which
    leaves L(w + e) as it is. alpha = 0.4 is that of public code for ResNets; 0 is `sam`. Their radius falls with the
    learning rate; here it is constant, as SAM's.
    """

    paper = "gsam"
    alpha: float = setting(0.4, low=0.0)

    def backward(self, batch: Batch) -> Tensor:
        loss = super().backward(batch)
        if self.rho:
            top = [weight.grad for weight in self.parameters() if weight.grad is not None]
            torch._foreach_sub_(top, across(self.below, top), alpha=self.alpha)
        return loss
