"""Gradients of one loss at several points near the weights."""

import contextlib
from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.contract import Batch, Method
from pipeline.ops.sharpness import displaced, remember, remembered
from pipeline.ops.vectors import Gradient, give, length


class Slopes:
    """Gradients of a method's loss on one batch, at its weights and at points near them, for losses without draws.

    The first is at the weights themselves. All passes start from the buffers that the first started from, and what is
    kept is as after the first, such as running statistics of batch normalisation.
    """

    loss: Tensor
    """At the weights."""

    def __init__(self, method: Method, batch: Batch) -> None:
        self.method, self.batch = method, batch
        self.weights: list[Tensor] = [weight for weight in method.parameters() if weight.requires_grad]
        self.before = remembered(method)
        self.after: list[Tensor] = []

    def gradient(self, steps: Sequence[Tensor] = ()) -> Gradient:
        """Where the weights are moved by `steps`."""
        return self._pass(steps, bent=False)[0]

    def bent(self, steps: Sequence[Tensor] = ()) -> tuple[Gradient, Gradient]:
        """The same, and the gradient of its length: H g / |g|, by double backward."""
        return self._pass(steps, bent=True)

    def _pass(self, steps: Sequence[Tensor], bent: bool) -> tuple[Gradient, Gradient]:
        bend: Sequence[Tensor] = ()
        remember(self.method, self.before)
        with displaced(self.weights, list(steps)) if steps else contextlib.nullcontext():
            loss = self.method.loss(self.batch)
            slope = torch.autograd.grad(loss, self.weights, create_graph=bent, materialize_grads=True)
            if bent:
                bend = torch.autograd.grad(length(slope), self.weights, materialize_grads=True)
        if not self.after:
            self.loss, self.after = loss.detach(), remembered(self.method)
        remember(self.method, self.after)
        return [part.detach() for part in slope], list(bend)

    def leave(self, gradient: Sequence[Tensor]) -> Tensor:
        """Give it to the optimiser; the loss at the weights."""
        give(self.weights, gradient)
        return self.loss
