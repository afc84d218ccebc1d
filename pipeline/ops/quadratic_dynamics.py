"""Gradient descent and SAM on squared losses of models that are quadratic in the parameters.

The smallest one has two parameters: z = (theta_1^2 - eps theta_2^2) / 2 - target and the loss z^2 / 2. Where z = 0 its
sharpness is that of the neural tangent kernel, |dz / dtheta|^2.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Pair(NamedTuple):
    """Parameters (N,) of many runs side by side, and what stays as it is."""

    first: Array
    second: Array
    eps: float
    target: Array | float = 0.0

    @classmethod
    def started(cls, squared: Array, residual: Array, eps: float, target: Array | float = 0.0) -> "Pair":
        """From theta_1^2 and z."""
        return cls(np.sqrt(squared), np.sqrt((squared - 2 * (residual + target)) / eps), eps, target)

    @property
    def residual(self) -> Array:
        return (self.first**2 - self.eps * self.second**2) / 2 - self.target

    @property
    def curvature(self) -> Array:
        """lambda, the squared length of the gradient of z."""
        return self.first**2 + (self.eps * self.second) ** 2

    def moved(self, length: Array | float) -> "Pair":
        """By so much along the gradient of the loss."""
        step = length * self.residual
        return self._replace(first=self.first * (1 + step), second=self.second * (1 - self.eps * step))


def settled(start: Pair, rate: float, steps: int, radius: float = 0.0, normalised: bool = False) -> Pair:
    """After so many steps, each with the gradient at theta + radius * gradient; normalised: radius * gradient / |.|.

    It ends earlier where all residuals are gone; a run that diverges ends in inf or NaN.
    """
    found = start
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in range(steps):
            away = radius / (np.abs(found.residual) * np.sqrt(found.curvature)) if normalised else radius
            there = found.moved(away) if radius else found
            step_there = rate * there.residual
            found = found._replace(
                first=found.first - step_there * there.first,
                second=found.second + found.eps * step_there * there.second,
            )
            if step % 256 == 0 and not (np.abs(found.residual) > 1e-12).any():
                break
    return found


def descended(residuals: Array, jacobian: Array, second: Array, rate: float, steps: int) -> tuple[Array, Array]:
    """Residuals (D,) and their Jacobian (D, P) after steps on |z|^2 / 2, of any model with constant second derivatives
    (D, P, P). Parameters need not be known: what changes is a function of these."""
    for _ in range(steps):
        gradient = residuals @ jacobian
        turned = second @ gradient
        residuals = residuals - rate * jacobian @ gradient + rate**2 / 2 * turned @ gradient
        jacobian = jacobian - rate * turned
    return residuals, jacobian
