"""Free adversarial training: one backward pass gives the step of the weights and that of the attack."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.adversarial import Adversarial
from pipeline.ops.attacks import Reach


class FreeAT(Adversarial):
    """Algorithm 1: m steps on each batch, w <- w - a grad_w L(x + d, y) and d <- P(d + r sign(grad_x L(x + d, y))).

    Both gradients are of one pass, in training mode therefore, so that the attack sees the batch's own statistics. d
    starts at 0, once: each batch takes it over from the one before, place by place. Where x + d leaves the range it is
    cut, and the gradient there is 0, as in the authors' PyTorch code. m = 8 and r as the size of a step are theirs for
    CIFAR-10. The number of steps stays what it would be without replays, as the paper has it: an epoch of the study's
    takes every m-th of its batches, augmented once, and the others are not seen.
    """

    paper = "free_at"
    requires = ("steps == 1",)
    training_only = ("shift", "images", "labels", "taken")
    steps = 1
    step_size = 1.0
    replays: int = setting(8, low=1)
    """m."""

    shift: Tensor
    images: Tensor
    labels: Tensor
    taken: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        size = (context.batch_size, *context.inputs.view_shape)
        self.register_buffer("shift", torch.zeros(size))
        self.register_buffer("images", torch.zeros(size))
        self.register_buffer("labels", torch.zeros(context.batch_size, dtype=torch.int64))
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        if int(self.taken) % self.replays == 0:
            self.images.copy_(batch.views[0])
            self.labels.copy_(batch.labels)
        self.taken += 1
        return super().step(Batch([self.images], self.labels, batch.indices), optimizers, epoch)

    def loss(self, batch: Batch) -> Tensor:
        return self.shifted_loss(batch, self.shift[: len(batch.labels)])

    def backward(self, batch: Batch) -> Tensor:
        shift = self.shift[: len(batch.labels)].clone().requires_grad_()
        loss = self.shifted_loss(batch, shift)
        loss.backward()
        assert shift.grad is not None
        with torch.no_grad():
            ball = self.ball()
            moved = ball.project(shift + self.step_size * self.radius * ball.steepest(shift.grad))
            self.shift[: len(moved)] = moved
        return loss

    def shifted_loss(self, batch: Batch, shift: Tensor) -> Tensor:
        reach = Reach(self.ball(), batch.views[0], self.inputs)
        return F.cross_entropy(self.logits(self.encoder(reach.moved(reach.cut(shift)))), batch.labels)
