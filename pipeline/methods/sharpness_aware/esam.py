"""Sharpness-aware steps at less cost: a random part of the weights climbs, and those examples count that lose by it."""

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware.sam_m_sharpness import part_of
from pipeline.ops.sharpness import ascent, displaced, remember, remembered


class ESAM(CrossEntropy):
    """Efficient SAM of Du et al. (2022): stochastic weight perturbation and sharpness-sensitive data selection.

    Each weight climbs with probability beta, by rho g / (beta |g|); the gradient at w + e is of the share gamma of the
    batch whose losses rise most from w to w + e. beta = gamma = 0.5 as in public code. There whole tensors are drawn,
    so that gradients of the others need not be computed; here weights are, as in the text, which saves nothing.
    beta = gamma = 1 is `sam`.
    """

    paper = "esam"
    rho: float = setting(0.05, unit="L2 norm over all parameters", low=0.0)
    beta: float = setting(0.5, unit="share of the weights", low=0.01, high=1.0)
    gamma: float = setting(0.5, unit="share of the batch", low=0.01, high=1.0)

    def losses(self, batch: Batch) -> Tensor:
        """(B,) of each example."""
        return F.cross_entropy(self.logits(self.encoder(batch.views[0])), batch.labels, reduction="none")

    def backward(self, batch: Batch) -> Tensor:
        before = remembered(self)
        losses = self.losses(batch)
        losses.mean().backward()
        after = remembered(self)
        reached = [weight for weight in self.parameters() if weight.grad is not None]
        steps = ascent([weight.grad for weight in reached if weight.grad is not None], self.rho / self.beta)
        steps = [step * (torch.rand_like(step) < self.beta) for step in steps]
        self.zero_grad(set_to_none=True)
        with displaced(list(reached), steps):
            with torch.no_grad():
                rise = self.losses(batch) - losses
            remember(self, before)
            chosen = rise.topk(max(2, int(self.gamma * len(rise)))).indices
            self.losses(part_of(batch, chosen)).mean().backward()
        remember(self, after)
        return losses.detach().mean()
