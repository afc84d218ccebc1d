"""Minimisation of smooth convex functions by L-BFGS.

torch.optim.LBFGS would do, but the first torch optimizer of a process imports the compiler, which takes about a
second: as long as a probe takes to fit.
"""

from collections.abc import Callable

from torch import Tensor


def minimise(
    function: Callable[[Tensor], tuple[Tensor, Tensor]],
    start: Tensor,
    *,
    iterations: int,
    history: int = 10,
    tolerance: float = 1e-6,
) -> Tensor:
    """The point (of start's shape) after at most `iterations` steps from `start`.

    `function` gives value and gradient. A step is halved until the value falls enough (Armijo); in a convex
    function that alone keeps the curvature pairs positive. Stops early when no entry of the gradient exceeds
    `tolerance` or no step improves the value.
    """
    point = start
    value, gradient = function(point)
    pairs: list[tuple[Tensor, Tensor, Tensor]] = []
    for _ in range(iterations):
        if not bool(gradient.abs().max() > tolerance):
            break
        direction = -_inverse_hessian_times(gradient, pairs)
        slope = (direction * gradient).sum()
        step = 1.0 if pairs else float(1 / gradient.norm().clamp_min(1))
        while step > 1e-10:
            candidate = point + step * direction
            new_value, new_gradient = function(candidate)
            if bool(new_value <= value + 1e-4 * step * slope):
                break
            step /= 2
        else:
            break
        s, y = candidate - point, new_gradient - gradient
        curvature = (s * y).sum()
        if bool(curvature > 1e-12 * (y * y).sum()):
            pairs = [*pairs[-history + 1 :], (s, y, 1 / curvature)]
        point, value, gradient = candidate, new_value, new_gradient
    return point


def _inverse_hessian_times(gradient: Tensor, pairs: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """The two-loop recursion (Nocedal and Wright, algorithm 7.4)."""
    result = gradient
    weights = []
    for s, y, rho in reversed(pairs):
        weights.append(rho * (s * result).sum())
        result = result - weights[-1] * y
    if pairs:
        s, y, rho = pairs[-1]
        result = result / (rho * (y * y).sum())
    for s, y, rho in pairs:
        result = result + (weights.pop() - rho * (y * result).sum()) * s
    return result
