"""Minimisation of smooth convex functions by L-BFGS.

torch.optim.LBFGS would do, but the first torch optimizer of a process imports the compiler, which takes about a
second: as long as a probe takes to fit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.ops.convergence import not_converged

LIMIT = 10_000
"""Steps after which a solver gives up."""
TOLERANCE = 1e-7
"""The gradient's length at the minimum, over that at the start."""
Pairs = list[tuple[Tensor, Tensor, Tensor]]


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended."""

    point: Tensor
    converged: bool
    iterations: int
    gradient: float
    """The gradient's length there, over that at the start; 0 where there was none at the start."""

    def record(self) -> dict[str, bool | int | float]:
        """How it ended, for a run's record."""
        return {"converged": self.converged, "iterations": self.iterations, "gradient": self.gradient}

    def checked(self, what: str) -> Tensor:
        """The point; warns (NotConverged) where `what` was solved for and not reached."""
        if not self.converged:
            not_converged(what, self.iterations, f"the gradient is {self.gradient:.1e} of that at the start")
        return self.point


def minimise(
    function: Callable[[Tensor], tuple[Tensor, Tensor]],
    start: Tensor,
    *,
    iterations: int = LIMIT,
    history: int = 10,
    tolerance: float = TOLERANCE,
) -> Minimum:
    """The minimum from `start` (any shape, float64 advised); `function` gives value and gradient.

    It has converged when the gradient is no longer than `tolerance` times that at the start, or when the best step
    promises less than the value's rounding. Otherwise it ends after `iterations` steps, or where no step lowers the
    value. A step is halved until the value falls enough (Armijo); in a convex function that alone keeps the curvature
    pairs positive. How many steps it takes depends on the coordinates: give it some in which curvatures are alike.
    """
    point, steps, pairs = start, 0, Pairs()
    value, gradient = function(point)
    first = float(gradient.norm())
    while True:
        length = float(gradient.norm())
        left = length / first if first else 0.0
        direction = -_inverse_hessian_times(gradient.flatten(), pairs).view_as(point)
        slope = float((direction * gradient).sum())
        rounding = 4 * torch.finfo(start.dtype).eps * abs(float(value))
        if left <= tolerance or -slope <= rounding:
            return Minimum(point, True, steps, left)
        step = 1.0 if pairs else min(1.0, 1 / length)
        found = _lower(function, point, direction, step, float(value), slope, rounding)
        if steps == iterations or found is None:
            return Minimum(point, False, steps, left)
        candidate, value, moved = found
        s, y = (candidate - point).flatten(), (moved - gradient).flatten()
        curvature = s @ y
        if bool(curvature > 1e-12 * (y @ y)):
            pairs = [*pairs[-history + 1 :], (s, y, 1 / curvature)]
        point, gradient, steps = candidate, moved, steps + 1


def _lower(
    function: Callable[[Tensor], tuple[Tensor, Tensor]],
    point: Tensor,
    direction: Tensor,
    step: float,
    value: float,
    slope: float,
    rounding: float,
) -> tuple[Tensor, Tensor, Tensor] | None:
    """A point along the direction where the function is lower, with value and gradient; None where there is none.

    A value that is higher by no more than its rounding counts as lower: the gradient tells more by then.
    """
    while step > 1e-10:
        candidate = point + step * direction
        new_value, new_gradient = function(candidate)
        if float(new_value) <= value + 1e-4 * step * slope + rounding:
            return candidate, new_value, new_gradient
        step /= 2
    return None


def _inverse_hessian_times(gradient: Tensor, pairs: Pairs) -> Tensor:
    """The two-loop recursion (Nocedal and Wright, algorithm 7.4), of vectors."""
    result = gradient
    weights = []
    for s, y, rho in reversed(pairs):
        weights.append(rho * (s @ result))
        result = result - weights[-1] * y
    if pairs:
        s, y, rho = pairs[-1]
        result = result / (rho * (y @ y))
    for s, y, rho in pairs:
        result = result + (weights.pop() - rho * (y @ result)) * s
    return result
