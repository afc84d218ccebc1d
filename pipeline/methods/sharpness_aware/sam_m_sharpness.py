"""Each small part of a batch climbs by a gradient of its own, and the gradients at the tops are averaged."""

import torch

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import SharpnessAware


class SAMMSharpness(SharpnessAware, CrossEntropy):
    """m-sharpness (section 4.1): the mean over parts S of m examples of grad L_S at w + rho g_S / |g_S|.

    What the authors' code does by computing on several accelerators, each of which climbs alone. Where m does not
    divide the batch, it has as many parts of nearly m as come nearest, which count by their sizes. As on accelerators,
    batch normalisation sees one part at a time; rho = 0 is that without any ascent. Where m is the batch's size it is
    `sam`.
    """

    paper = "sam_paper"
    m: int = setting(12, unit="examples", low=2)

    def backward(self, batch: Batch) -> Tensor:
        size = len(batch.labels)
        total: list[Tensor | None] = [None for _ in self.parameters()]
        losses = []
        parts = max(1, round(size / self.m))
        for places in torch.arange(size, device=batch.labels.device).tensor_split(parts):
            share = len(places) / size
            losses.append(share * super().backward(part_of(batch, places)).detach())
            for place, weight in enumerate(self.parameters()):
                if weight.grad is not None:
                    so_far, weight.grad = total[place], share * weight.grad
                    total[place] = weight.grad if so_far is None else so_far.add_(weight.grad)
            self.zero_grad(set_to_none=True)
        for weight, gradient in zip(self.parameters(), total, strict=True):
            weight.grad = gradient
        return torch.stack(losses).sum()


def part_of(batch: Batch, places: Tensor) -> Batch:
    """The examples at these places of the batch."""
    return Batch([view[places] for view in batch.views], batch.labels[places], batch.indices[places])
