"""Minimisation of (|A x - b|^2 / 2 + weight |x|_1) / g(x), along coordinates and by proximal subgradients.

g is the sum of the `top` largest |x_i|, which is convex, or, where that is positive, `height` - |x|^2 / 2, which is
concave.
"""

import math
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Problem:
    a: Array
    b: Array
    weight: float
    top: int
    """0 for the concave denominator."""
    height: float = 4.0

    def denominator(self, x: Array) -> float:
        if self.top:
            return float(np.sort(np.abs(x))[-self.top :].sum())
        return float(self.height - x @ x / 2)

    def value(self, x: Array) -> float:
        rest = self.a @ x - self.b
        return float((rest @ rest / 2 + self.weight * np.abs(x).sum()) / self.denominator(x))

    def subgradient(self, x: Array) -> Array:
        """Of g."""
        if not self.top:
            return -x
        largest = np.argsort(-np.abs(x), kind="stable")[: self.top]
        found = np.zeros(len(x))
        found[largest] = np.sign(x[largest])
        return found


def along(problem: Problem, curvature: float, slope: float, level: float, others: list[float]) -> tuple[float, float]:
    """Where (curvature z^2 / 2 + slope z + level + weight |z|) / g is least, and how much it is there: z is one
    coordinate, and `others` are the absolute values of the others in order."""
    edge = others[-problem.top] if problem.top else 0.0
    # the sum of the largest is `fixed` and the larger one of |z| and the entry that counts without it
    fixed = sum(others[len(others) - problem.top + 1 :]) if problem.top else 0.0
    height = problem.height - sum(each**2 for each in others) / 2
    candidates = [0.0]
    for sign in (1, -1):
        tilt = sign * slope + problem.weight
        if problem.top:
            square = fixed**2 - 2 * (tilt * fixed - level) / curvature
            beyond = math.sqrt(max(square, 0.0)) - fixed
            candidates += [sign * min(max(-tilt / curvature, 0.0), edge), sign * max(beyond, edge)]
        elif tilt < 0:
            middle = curvature * height + level
            candidates.append(sign * (middle - math.sqrt(max(middle**2 - 2 * tilt**2 * height, 0.0))) / -tilt)

    def value(z: float) -> float:
        denominator = fixed + max(abs(z), edge) if problem.top else height - z**2 / 2
        numerator = curvature * z**2 / 2 + slope * z + level + problem.weight * abs(z)
        return numerator / denominator if denominator > 0 else math.inf

    return min(((z, value(z)) for z in candidates), key=lambda pair: pair[1])


def coordinate_descent(problem: Problem, start: Array, sweeps: int = 500, accuracy: float = 1e-12) -> Array:
    """Each coordinate in turn where the fraction is least, until a sweep changes it by no more than a share."""
    x, gram = [float(each) for each in start], problem.a.T @ problem.a
    curvatures = np.diag(gram).tolist()
    value = problem.value(start)
    for _ in range(sweeps):
        before, point = value, np.array(x)
        slopes, numerator = gram @ point - problem.a.T @ problem.b, value * problem.denominator(point)
        for i, old in enumerate(x):
            slope = float(slopes[i]) - curvatures[i] * old
            level = numerator - curvatures[i] * old**2 / 2 - slope * old - problem.weight * abs(old)
            z, found = along(problem, curvatures[i], slope, level, sorted(abs(each) for each in x[:i] + x[i + 1 :]))
            if found < value:
                x[i], value = z, found
                slopes = slopes + gram[i] * (z - old)
                numerator = level + curvatures[i] * z**2 / 2 + slope * z + problem.weight * abs(z)
        value = problem.value(np.array(x))
        if before - value <= accuracy * value:
            break
    return np.array(x)


def proximal_subgradient(problem: Problem, start: Array, steps: int = 5000, accuracy: float = 1e-7) -> Array:
    """x <- prox(x - step * (A'(A x - b) - value(x) * subgradient)), until no entry moves by more than a share."""
    x, curvature = start, float(np.linalg.norm(problem.a, 2) ** 2)
    for _ in range(steps):
        rest = problem.a @ x - problem.b
        value = float(rest @ rest / 2 + problem.weight * np.abs(x).sum()) / problem.denominator(x)
        step = 1 / (curvature + (0.0 if problem.top else value))
        y = x - step * (rest @ problem.a - value * problem.subgradient(x))
        moved = np.sign(y) * np.maximum(np.abs(y) - step * problem.weight, 0)
        if np.abs(moved - x).max() <= accuracy * np.abs(x).max():
            break
        x = moved
    return x
