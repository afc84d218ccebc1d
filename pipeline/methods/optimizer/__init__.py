"""Cross-entropy learned by an optimiser of its own: members differ in how they step, and in nothing else."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.clipping import clipped, clipped_at_random
from pipeline.ops.directional import Probe, underestimate

Groups = list[dict[str, Any]]
PROBED = 3
"""Epochs from one probe to the next."""


class Optimised(CrossEntropy):
    """The study's groups of parameters (only matrices and kernels are decayed) and its schedule, another optimiser.

    Members override `optimizer`. The study's learning rate and its schedule hold; a member whose rates have another
    size has a rate of its own in the study.

    What no weight shows afterwards is recorded for each epoch. At the last step of every third, from the first on: the
    curvature of the step's batch along the way that the weights went (`pipeline/ops/directional.py`), which takes one
    more forward pass and second derivatives. Of all its steps: the highest loss (`loss_worst`) after the first, whose
    loss is not of the epoch's own making, and for members with a second moment v how far squared gradients exceed it,
    as the optimiser keeps it (`rms_worst`, section 3.4 of Wortsman et al. 2023), with the number of steps from the one
    to the other (`spike_lag`).

    `rate` is for studies of how much depends on the learning rate: a multiple of that which was found best.
    `hidden_epochs` is for studies of what a change of the training signal does: so long the lower half of every image
    shows the data set's mean, and what weights learn of it has hardly a gradient.
    """

    paper = ""
    training_only: ClassVar[tuple[str, ...]] = ("peaks",)
    rate: float = setting(1.0, unit="times the study's learning rate", low=1e-6)
    hidden_epochs: int = setting(0, unit="epochs", low=0)
    probed = True
    """False where second derivatives mean nothing."""

    peaks: Tensor
    """(2, 2) of the epoch so far: the highest loss and the highest RMS, and the steps at which they were."""
    steps_per_epoch = 0
    total = 0
    epoch = 0
    probe: Probe | None = None

    def build(self, context: Context) -> None:
        super().build(context)
        self.steps_per_epoch, self.total = context.steps_per_epoch, context.steps_per_epoch * context.epochs
        self.mean = [round(255 * value) for value in context.inputs.mean]
        self.register_buffer("peaks", torch.zeros(2, 2))

    def optimizers(
        self, make: Callable[[torch.nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        kept = ("params", "lr", "weight_decay")
        return self.several([{key: g[key] for key in kept} | {"scale": self.rate} for g in make(self).param_groups])

    def several(self, groups: Groups) -> list[torch.optim.Optimizer]:
        """For members with more than one."""
        return [self.optimizer(groups)]

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        """The optimiser over groups with `params`, `lr` and `weight_decay`."""
        raise NotImplementedError

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        self.peaks.zero_()
        self.probe = None

    def fetch(self, inputs: Tensor, indices: Tensor) -> Tensor:
        found = super().fetch(inputs, indices)
        if self.epoch < self.hidden_epochs:
            lower = found[..., found.shape[2] // 2 :, :]
            lower.copy_(lower.new_tensor(self.mean).view(-1, 1, 1).expand_as(lower))
        return found

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        number = round(self.progress * self.total) % self.steps_per_epoch
        last = self.probed and epoch % PROBED == 0 and number + 1 == self.steps_per_epoch
        self.probe = Probe(self, batch) if last else None
        loss = super().step(batch, optimizers, epoch)
        with torch.no_grad():
            for row, found in zip(self.peaks, (loss if number else 0.0, underestimate(optimizers)), strict=True):
                if found > row[0]:
                    row.copy_(torch.tensor([float(found), number]))
        return loss

    def observed(self) -> dict[str, float]:
        (loss, at), (rms, before) = self.peaks.tolist()
        found = {"loss_worst": loss, "rms_worst": rms, "spike_lag": at - before}
        return found | (self.probe.measured(self) if self.probe else {})


class Clipped(Optimised):
    """Before each step g_i <- sign(g_i) min(|g_i|, c), c the size that a share of all coordinates together exceeds.

    A mixin before a member (Pan and Li 2023, section 4, and the authors' code). It is one threshold for all tensors.
    `random` cuts as many coordinates drawn anew at each step down to the same threshold: what is left of the effect
    where they are not the largest.
    """

    share: float = setting(0.1, unit="of the coordinates", low=0.0, high=1.0)
    random: bool = setting(False)

    def after_backward(self, epoch: int) -> None:
        reached = [parameter for parameter in self.parameters() if parameter.grad is not None]
        slopes = [parameter.grad for parameter in reached if parameter.grad is not None]
        parts = clipped_at_random(slopes, self.share) if self.random else clipped(slopes, self.share)
        for parameter, part in zip(reached, parts, strict=True):
            parameter.grad = part
