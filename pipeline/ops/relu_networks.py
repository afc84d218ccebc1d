"""Small ReLU networks, trained on small sets in float64."""

from itertools import pairwise

import numpy as np

from pipeline.ops.crown import Array, Layer


def trained(
    inputs: Array, labels: Array, classes: int, widths: list[int], steps: int, random: np.random.Generator
) -> list[Layer]:
    """By Adam with a rate of 0.01 on the cross-entropy of all points."""
    sizes = [inputs.shape[1], *widths, classes]
    weights = [random.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(sizes)]
    parameters = [*weights, *(np.zeros(n) for n in sizes[1:])]
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    for step in range(1, steps + 1):
        for p, g, m, v in zip(parameters, gradients(parameters, inputs, labels), first, second, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g**2 - v)
            p -= 0.01 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    count = len(weights)
    return [Layer(w, b) for w, b in zip(parameters[:count], parameters[count:], strict=True)]


def gradients(parameters: list[Array], inputs: Array, labels: Array) -> list[Array]:
    """Of the mean cross-entropy: of weights, first layer first, then of biases."""
    count = len(parameters) // 2
    weights, biases = parameters[:count], parameters[count:]
    hidden = [inputs]
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        hidden.append(np.maximum(hidden[-1] @ w.T + b, 0))
    logits = hidden[-1] @ weights[-1].T + biases[-1]
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    back, of_weights, of_biases = p / len(labels), [], []
    for w, h in zip(reversed(weights), reversed(hidden), strict=True):
        of_weights.append(back.T @ h)
        of_biases.append(back.sum(0))
        back = back @ w * (h > 0)
    return [*reversed(of_weights), *reversed(of_biases)]
