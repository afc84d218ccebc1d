"""Sharpness-aware steps that move only the weights which the Fisher information calls important."""

import torch

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import SharpnessAware
from pipeline.ops.sharpness import ascent
from pipeline.ops.vectors import flat, split


class FSAM(SharpnessAware, CrossEntropy):
    """e = rho (g m) / |g m|, m the mask of the share s of all weights with the greatest mean squared gradient.

    The mean is over `examples` of the batch, in evaluation mode, every `interval` steps, at first at the start. The
    authors' code takes the squared gradient of the batch's mean in place of the mean of squared gradients, leaves
    biases and normalisation out of the mask, so that they are always moved, and divides by |g| of all weights, so that
    |e| < rho; here it is as in the text. s = 0.1, 32 examples and 100 steps are their code's defaults; s = 1 is `sam`.
    `random` and `magnitude` masks of the same share, by weights drawn anew and by |w|, are the ablations.
    """

    paper = "fsam"
    training_only = ("moved", "taken")
    share: float = setting(0.1, unit="share of the weights", low=0.001, high=1.0)
    interval: int = setting(100, unit="steps", low=1)
    examples: int = setting(32, low=1)
    mask: str = setting("fisher", choices=("fisher", "random", "magnitude"))
    moved: Tensor
    taken: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("moved", torch.ones(sum(weight.numel() for weight in self.parameters())))
        self.register_buffer("taken", torch.tensor(0))

    def backward(self, batch: Batch) -> Tensor:
        if self.taken % self.interval == 0:
            important = self.importance(batch)
            chosen = important.topk(max(1, int(self.share * len(important)))).indices
            self.moved.zero_()[chosen] = 1
        self.taken += 1
        return super().backward(batch)

    def importance(self, batch: Batch) -> Tensor:
        """(d,) by which weights are chosen."""
        weights = list(self.parameters())
        if self.mask == "random":
            return torch.rand_like(self.moved)
        if self.mask == "magnitude":
            return flat([weight.detach().abs() for weight in weights])
        return self.fisher(batch, weights)

    def fisher(self, batch: Batch, weights: list[torch.nn.Parameter]) -> Tensor:
        """(d,) the mean squared gradient of the first examples' losses."""
        self.eval()
        total = torch.zeros_like(self.moved)
        count = min(self.examples, len(batch.labels))
        for view, label in zip(batch.views[0][:count].split(1), batch.labels[:count].split(1), strict=True):
            loss = self.objective(self.logits(self.encoder(view)), label)
            total += flat(torch.autograd.grad(loss, weights)).square() / count
        self.train()
        return total

    def ascend(self, gradients: list[Tensor], radius: float) -> list[Tensor]:
        return ascent(list(torch._foreach_mul(gradients, split(self.moved, gradients))), radius)
