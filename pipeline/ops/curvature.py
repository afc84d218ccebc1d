"""A loss as a function of a network's weights: its slope, products with its Hessian, and what these tell."""

import contextlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.ops.sharpness import displaced
from pipeline.ops.vectors import flat, split

Times = Callable[[Tensor], Tensor]
"""A vector (d,) -> the product of a symmetric matrix (d, d) with it."""


class Surface:
    """The mean loss over a fixed set of examples, as a function of d weights.

    losses: the parts of the mean, a chunk of examples each, computed anew at today's weights at each call.
    weights: parameters; a vector (d,) has their entries one after the other.
    """

    def __init__(self, losses: Callable[[], Iterable[Tensor]], weights: Sequence[Tensor]) -> None:
        self.losses, self.weights = losses, [weight for weight in weights if weight.requires_grad]

    @property
    def point(self) -> Tensor:
        """(d,) where the weights are."""
        return flat([weight.detach() for weight in self.weights])

    @torch.no_grad()
    def value(self) -> float:
        return sum(loss.item() for loss in self.losses())

    @torch.enable_grad()
    def slope(self) -> Tensor:
        """(d,) the gradient."""
        found = torch.zeros_like(self.point)
        for loss in self.losses():
            found += flat(torch.autograd.grad(loss, self.weights, materialize_grads=True))
        return found

    @torch.enable_grad()
    def hessian(self) -> Times:
        """Products with the Hessian where the weights are, of use until they move: all share the slope's graphs."""
        kept: list[list[tuple[int, Tensor]]] = []
        for loss in self.losses():
            slopes = torch.autograd.grad(loss, self.weights, create_graph=True, materialize_grads=True)
            kept.append([(place, slope) for place, slope in enumerate(slopes) if slope.requires_grad])

        def times(vector: Tensor) -> Tensor:
            parts, found = self.split(vector), torch.zeros_like(vector)
            for chunk in kept:
                slopes, along = [slope for _, slope in chunk], [parts[place] for place, _ in chunk]
                found += flat(
                    torch.autograd.grad(slopes, self.weights, along, retain_graph=True, materialize_grads=True)
                )
            return found

        return times

    def moved(self, step: Tensor) -> contextlib.AbstractContextManager[None]:
        """With the weights moved by (d,); afterwards they are what they were, to the last bit."""
        return displaced(self.weights, self.split(step))

    def rise(self, step: Tensor) -> float:
        """How much higher the loss is after a step (d,)."""
        before = self.value()
        with self.moved(step):
            return self.value() - before

    def split(self, vector: Tensor) -> list[Tensor]:
        """A vector (d,) in the weights' shapes."""
        return split(vector, self.weights)


@dataclass(frozen=True)
class Ends:
    """The least and the greatest eigenvalue that were found, and whether both were to the tolerance."""

    least: float
    greatest: float
    converged: bool
    iterations: int
    error: float
    """The larger of the two bounds on how far an eigenvalue is from what was found."""


def ends(times: Times, start: Tensor, steps: int, tolerance: float = 0.01) -> Ends:
    """Of a symmetric matrix, by Lanczos' method from `start` (d,), with every vector kept orthogonal to all others.

    It has converged when the residuals of both eigenvalues, which bound their errors, are at most `tolerance` of the
    larger of them in size. Vectors are kept in float64; what `times` is given has the type of `start`. Where a product
    is not finite no eigenvalue is a number.
    """
    vector = start.double() / start.double().norm()
    basis, diagonal, beside = [vector], list[float](), list[float]()
    steps = min(steps, len(start))
    while True:
        product = times(vector.to(start)).double()
        if not product.isfinite().all():
            return Ends(math.nan, math.nan, False, len(diagonal), math.nan)
        diagonal.append(float(product @ vector))
        known = torch.stack(basis)
        for _ in range(2):  # once is not enough where little is left
            product = product - known.T @ (known @ product)
        length = float(product.norm())
        matrix = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
        if beside:
            between = torch.tensor(beside, dtype=torch.float64)
            matrix = matrix + torch.diag(between, 1) + torch.diag(between, -1)
        values, vectors = torch.linalg.eigh(matrix)
        error = length * float(vectors[-1, [0, -1]].abs().max())
        size = float(values.abs().max())
        if error <= tolerance * size or len(diagonal) == steps:
            return Ends(float(values[0]), float(values[-1]), error <= tolerance * size, len(diagonal), error)
        vector = product / length
        basis.append(vector)
        beside.append(length)


def signs(count: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """(count, d) of -1 and 1 with equal chances (Rademacher), drawn on the CPU, where `like` (d,) is."""
    drawn = torch.randint(0, 2, (count, len(like)), generator=generator)
    return (2 * drawn - 1).to(like)


def filter_direction(found: Surface, draws: torch.Generator) -> Tensor:
    """(d,) a Gaussian direction in which each row of a matrix and each filter has its weights' length, and vectors do
    not move: the filter normalisation of Li et al. (2018, section 4)."""
    parts = []
    for weight in found.weights:
        drawn = torch.randn(weight.shape, generator=draws).to(weight)
        if weight.ndim > 1:
            rows, own = drawn.flatten(1), weight.detach().flatten(1)
            parts.append(rows * (own.norm(dim=1) / rows.norm(dim=1))[:, None])
        else:
            parts.append(torch.zeros_like(drawn))
    return flat(parts)
