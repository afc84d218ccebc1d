"""Gradients as vectors over all weights together, and gradients of one loss at several points near the weights."""

import contextlib
from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.contract import Batch, Method
from pipeline.ops.sharpness import STABLE, displaced, remember, remembered

Gradient = list[Tensor]
"""One tensor for each weight."""


def split(vector: Tensor, like: Sequence[Tensor]) -> Gradient:
    """A vector (d,) in the shapes of tensors that have d entries together."""
    parts = vector.split([part.numel() for part in like])
    return [part.view(other.shape) for part, other in zip(parts, like, strict=True)]


def dot(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    return torch.stack([(a * b).sum() for a, b in zip(first, second, strict=True)]).sum()


def length(vector: Sequence[Tensor]) -> Tensor:
    """Over all tensors together; its slope is finite where it is 0."""
    return (dot(vector, vector) + STABLE**2).sqrt()


@torch.no_grad()
def scaled(vector: Sequence[Tensor], to: float) -> Gradient:
    """The vector at another length."""
    return list(torch._foreach_mul(list(vector), to / (torch.nn.utils.get_total_norm(vector) + STABLE)))


@torch.no_grad()
def across(vector: Sequence[Tensor], direction: Sequence[Tensor]) -> Gradient:
    """What of the vector is orthogonal to a direction."""
    along = dot(vector, direction) / (dot(direction, direction) + STABLE**2)
    return [part - along * unit for part, unit in zip(vector, direction, strict=True)]


@torch.no_grad()
def combined(*terms: tuple[float, Sequence[Tensor]]) -> Gradient:
    """The sum of weighted vectors."""
    (weight, first), *others = terms
    total = list(torch._foreach_mul(list(first), weight))
    for weight, vector in others:
        torch._foreach_add_(total, list(vector), alpha=weight)
    return total


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
        """Give it to the optimiser, in memory as the weights are; the loss at the weights."""
        for weight, part in zip(self.weights, gradient, strict=True):
            weight.grad = torch.empty_like(weight).copy_(part)
        return self.loss
