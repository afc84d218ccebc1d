"""Small networks on point clouds whose smoothness along a graph counts: forward, gradients, graph Laplacians; numpy."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass
class TanhNetwork:
    """z = tanh(x A + b) C: one hidden layer, no bias above it."""

    inner: Array
    bias: Array
    outer: Array

    @classmethod
    def drawn(cls, random: np.random.Generator, inputs: int, hidden: int, outputs: int) -> "TanhNetwork":
        """Uniform within one over the root of the number of inputs to a layer."""
        a, c = inputs**-0.5, hidden**-0.5
        return cls(
            random.uniform(-a, a, (inputs, hidden)),
            random.uniform(-a, a, hidden),
            random.uniform(-c, c, (hidden, outputs)),
        )

    def copy(self) -> "TanhNetwork":
        return TanhNetwork(self.inner.copy(), self.bias.copy(), self.outer.copy())

    def __call__(self, x: Array) -> Array:
        return np.tanh(x @ self.inner + self.bias) @ self.outer

    def descend(self, x: Array, slope: Array, rate: float) -> None:
        """A step down a loss whose derivative by the outputs (N, K) at x is `slope`."""
        h = np.tanh(x @ self.inner + self.bias)
        back = (slope @ self.outer.T) * (1 - h**2)
        self.outer -= rate * h.T @ slope
        self.inner -= rate * x.T @ back
        self.bias -= rate * back.sum(0)


@dataclass(frozen=True)
class Graph:
    """Points (N, F), their distances (N, N), which of them are neighbours, and the normalised Laplacian."""

    points: Array
    distances: Array
    edges: Array
    laplacian: Array

    @classmethod
    def of(cls, points: Array, t: float, least: float = 0.1) -> "Graph":
        """W_ij = exp(-d_ij^2 / 4t) off the diagonal where above `least`, L = I - D^-1/2 W D^-1/2 (0 if lone)."""
        distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(2))
        weights = np.exp(-(distances**2) / (4 * t))
        np.fill_diagonal(weights, 0.0)
        weights[weights <= least] = 0.0
        degrees = weights.sum(1)
        scale = np.where(degrees > 0, degrees, 1.0) ** -0.5
        laplacian = np.diag((degrees > 0).astype(float)) - scale[:, None] * weights * scale
        return cls(points, distances, weights > 0, laplacian)

    def slopes(self, p: Array, neighbours: bool = True) -> Array:
        """(N,) the steepest way from each to a neighbour, or to any: max_j |p_i - p_j|_1 / d_ij of values (N, K)."""
        there = self.edges if neighbours else self.distances > 0
        found: Array = (apart(p) * there / np.where(self.distances > 0, self.distances, 1.0)).max(1)
        return found

    def slope(self, z: Array, weights: Array) -> Array:
        """The derivative by z (N, K) of tr((diag(weights) P)^T L P) for P = softmax(z)."""
        p = softmax(z)
        weighted = weights[:, None] * (self.laplacian @ p) + self.laplacian @ (weights[:, None] * p)
        found: Array = p * (weighted - (weighted * p).sum(1, keepdims=True))
        return found


def apart(p: Array) -> Array:
    """(N, N) of |p_i - p_j|_1, values (N, K)."""
    found: Array = sum(np.abs(np.subtract.outer(each, each)) for each in p.T)
    return found


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(1, keepdims=True))
    found: Array = e / e.sum(1, keepdims=True)
    return found


def cross_entropy(z: Array, labels: Array) -> tuple[float, Array]:
    """The mean over examples, and its derivative by z (N, K)."""
    p, rows = softmax(z), np.arange(len(z))
    onehot = np.zeros_like(p)
    onehot[rows, labels] = 1.0
    logs = z - z.max(1, keepdims=True)
    loss = np.log(np.exp(logs).sum(1)) - logs[rows, labels]
    return float(loss.mean()), (p - onehot) / len(z)
