"""Supervised dictionary learning, lifted: a classifier A and a reconstruction B that share their few columns' span.

f(A, B) = sum_i log(1 + exp(-y_i A.x_i)) + xi |X^T - B|^2 + ridge / 2 |A|^2 over [A, B] (p, 1 + n) of rank at most r.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Problem(NamedTuple):
    points: Array
    """X (n, p)."""
    labels: Array
    """(n,) of -1 and 1."""
    xi: float
    ridge: float

    @property
    def scale(self) -> float:
        """A is this times the first column of Z = [A / scale, B], so that f's curvature is at most 2 xi all over."""
        return float(np.sqrt(2 * self.xi / (self.ridge + np.linalg.norm(self.points, 2) ** 2 / 4)))

    @property
    def curvatures(self) -> tuple[float, float]:
        """The least and the largest of f over Z that hold everywhere."""
        return self.scale**2 * self.ridge, 2 * self.xi

    def value(self, z: Array) -> float:
        classifier = self.scale * z[:, 0]
        losses = np.logaddexp(0, -self.labels * (self.points @ classifier)).sum()
        missed = np.square(z[:, 1:] - self.points.T).sum()
        return float(losses + self.xi * missed + self.ridge / 2 * classifier @ classifier)

    def gradient(self, z: Array) -> Array:
        classifier = self.scale * z[:, 0]
        wrong = np.exp(-np.logaddexp(0, self.labels * (self.points @ classifier)))
        first = self.scale * (self.ridge * classifier - self.points.T @ (self.labels * wrong))
        return np.column_stack([first, 2 * self.xi * (z[:, 1:] - self.points.T)])


def project(z: Array, rank: int) -> Array:
    """The nearest matrix of that rank, by the leading eigenvectors of the few rows' Gram matrix."""
    leading = np.linalg.eigh(z @ z.T)[1][:, -rank:]
    found: Array = leading @ (leading.T @ z)
    return found


def descend(problem: Problem, start: Array, rank: int, rate: float, steps: int) -> Array:
    """(steps + 1, p, 1 + n) of projected gradient descent with a rate in units of 1 / (2 xi)."""
    path = [start]
    for _ in range(steps):
        z = path[-1]
        path.append(project(z - rate / (2 * problem.xi) * problem.gradient(z), rank))
    return np.array(path)


def logistic(problem: Problem) -> Array:
    """(p,) the minimiser over A alone: a penalised logistic regression, by Newton's method."""
    points, labels = problem.points, problem.labels
    found = np.zeros(points.shape[1])
    for _ in range(50):
        wrong = np.exp(-np.logaddexp(0, labels * (points @ found)))
        slope = problem.ridge * found - points.T @ (labels * wrong)
        hessian = (points.T * (wrong * (1 - wrong))) @ points + problem.ridge * np.eye(len(found))
        step = np.linalg.solve(hessian, slope)
        found = found - step / max(1.0, float(np.linalg.norm(step)))
        if step @ step < 1e-24:
            break
    return found
