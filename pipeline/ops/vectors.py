"""Vectors over all weights together: in one piece (d,), or one tensor for each weight."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from pipeline.ops.sharpness import STABLE

Gradient = list[Tensor]
"""One tensor for each weight."""


def flat(parts: Iterable[Tensor], start: int = 0) -> Tensor:
    """(d,) all entries, tensor by tensor; with `start` one axis of them in place of the axes from `start` on."""
    return torch.cat([part.flatten(start) if part.ndim > start else part[..., None] for part in parts], start)


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


@torch.no_grad()
def give(weights: Sequence[Tensor], gradient: Sequence[Tensor]) -> None:
    """Make these the weights' gradients, in memory as the weights lie: a fused step takes that for granted."""
    for weight, part in zip(weights, gradient, strict=True):
        weight.grad = torch.empty_like(weight).copy_(part)
