"""Sparse regression with the penalties SCAD and MCP: a soft threshold and a smooth concave rest."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
SHAPES = {"scad": 3.7, "mcp": 3.0}


@dataclass(frozen=True)
class Problem:
    """|y - X b|^2 / (2 n) + sum of p(b_j), of a penalty p whose slope at 0 is the threshold."""

    x: Array
    y: Array
    threshold: float
    penalty: str

    @property
    def curvature(self) -> float:
        """Of the smooth part: the larger one of the loss and of the concave rest."""
        shape = SHAPES[self.penalty]
        rest = 1 / (shape - 1) if self.penalty == "scad" else 1 / shape
        return max(float(np.linalg.norm(self.x, 2) ** 2 / len(self.y)), rest)

    def gradient(self, b: Array) -> Array:
        """Of the smooth part: the loss, and p(b) - threshold |b|."""
        found: Array = self.x.T @ (self.x @ b - self.y) / len(self.y) + concave(b, self.threshold, self.penalty)
        return found


def concave(b: Array, threshold: float, penalty: str) -> Array:
    """The derivative of p(b) - threshold |b|."""
    size, shape = np.abs(b), SHAPES[penalty]
    if penalty == "scad":
        return -np.sign(b) * np.clip((size - threshold) / (shape - 1), 0, threshold)
    return -np.sign(b) * np.minimum(size / shape, threshold)


def soft(b: Array, threshold: float) -> Array:
    found: Array = np.sign(b) * np.maximum(np.abs(b) - threshold, 0)
    return found


def damping(before: float) -> float:
    """The next of the sequence alpha_k^2 = (1 - alpha_k) alpha_(k-1)^2."""
    return float(2 / (1 + np.sqrt(1 + 4 / before**2)))


def solved(problem: Problem, accelerated: bool, accuracy: float, most: int = 20_000) -> tuple[Array, int]:
    """From 0 until no entry of the gradient mapping is above `accuracy`, with the number of iterations."""
    step, alpha = 0.99 / problem.curvature, 1.0
    ahead = b = np.zeros(problem.x.shape[1])
    for count in range(1, most + 1):
        alpha = damping(alpha) if accelerated else 1.0
        middle = (1 - alpha) * b + alpha * ahead
        gradient = problem.gradient(middle)
        b = soft(middle - step * gradient, step * problem.threshold)
        # without damping the two sequences are one
        ahead = soft(ahead - step / alpha * gradient, step / alpha * problem.threshold) if accelerated else b
        if np.abs(middle - b).max() < accuracy * step:
            return b, count
    return b, most
