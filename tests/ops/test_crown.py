"""Bounds of CROWN: by loops, against samples, and exact where no unit is unstable."""

from itertools import pairwise

import numpy as np
import pytest

from pipeline.ops.crown import Boxes, Layer, crown, least, outputs
from pipeline.ops.relu_networks import gradients, trained

COMPARED = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])


def network(seed: int = 0, inputs: int = 3) -> list[Layer]:
    random, sizes = np.random.default_rng(seed), [inputs, 6, 5, 3]
    return [Layer(random.normal(size=(n, m)), random.normal(size=n)) for m, n in pairwise(sizes)]


def boxes(radius: float, count: int = 4) -> Boxes:
    centres = np.random.default_rng(1).normal(size=(count, 3))
    return Boxes(centres - radius, centres + radius * np.array([1.0, 0.5, 2.0]))


@pytest.mark.parametrize("radius", [0.1, 0.5, 2.0])
def test_the_lines_lie_below_and_above_the_network(radius: float) -> None:
    layers, within, random = network(), boxes(radius), np.random.default_rng(2)
    below, above = crown(layers, within, COMPARED)
    for n in range(4):
        points = random.uniform(within.low[n], within.high[n], (2000, 3))
        values = outputs(layers, points) @ COMPARED.T
        assert (points @ below.slopes[n].T + below.offsets[n] <= values + 1e-9).all()
        assert (points @ above.slopes[n].T + above.offsets[n] >= values - 1e-9).all()


def test_by_loops() -> None:
    """One box, one unit after the other, with bounds of each and the substitution written out."""
    layers, within = network(3), boxes(0.6, 1)
    low, high = within.low[0], within.high[0]

    def lowest(a: np.ndarray, c: float) -> float:
        return c + sum(min(a[j] * low[j], a[j] * high[j]) for j in range(3))

    lines: list[list[tuple[float, float, float]]] = []

    def substituted(weights: np.ndarray, offset: float, depth: int) -> tuple[np.ndarray, float]:
        for level in reversed(range(depth)):
            a, c = np.zeros(layers[level].weight.shape[1]), offset
            for w, (lower, upper, intercept), row, bias in zip(weights, lines[level], *layers[level], strict=True):
                slope = w * (lower if w > 0 else upper)
                a, c = a + slope * row, c + slope * bias + (0 if w > 0 else w * intercept)
            weights, offset = a, c
        return weights, offset

    for depth in range(2):
        found = []
        for row, bias in zip(*layers[depth], strict=True):
            least_value = lowest(*substituted(row, bias, depth))
            most = -lowest(*substituted(-row, -bias, depth))
            if most <= 0:
                found.append((0.0, 0.0, 0.0))
            elif least_value >= 0:
                found.append((1.0, 1.0, 0.0))
            else:
                chord = most / (most - least_value)
                found.append((1.0 if most > -least_value else 0.0, chord, -chord * least_value))
        lines.append(found)
    below, _ = crown(layers, within, COMPARED)
    for m, row in enumerate(COMPARED):
        a, c = substituted(row @ layers[2].weight, row @ layers[2].bias, 2)
        np.testing.assert_allclose(below.slopes[0, m], a, atol=1e-10)
        assert below.offsets[0, m] == pytest.approx(c) and least(below, within)[0, m] == pytest.approx(lowest(a, c))


def test_where_no_unit_is_unstable_both_lines_are_the_network() -> None:
    layers, within = network(), boxes(1e-4)
    below, above = crown(layers, within, COMPARED)
    np.testing.assert_allclose(below.slopes, above.slopes, atol=1e-12)
    values = outputs(layers, within.centre) @ COMPARED.T
    np.testing.assert_allclose((below.slopes @ within.centre[..., None])[..., 0] + below.offsets, values, atol=1e-9)


def test_gradients_by_differences_and_training_learns() -> None:
    random = np.random.default_rng(4)
    inputs, labels = random.normal(size=(40, 3)), random.integers(0, 3, 40)
    parameters = [*(layer.weight for layer in network(5)), *(layer.bias for layer in network(5))]

    def loss() -> float:
        logits = outputs([Layer(w, b) for w, b in zip(parameters[:3], parameters[3:], strict=True)], inputs)
        return float((np.log(np.exp(logits).sum(1)) - logits[np.arange(40), labels]).mean())

    for parameter, gradient in zip(parameters, gradients(parameters, inputs, labels), strict=True):
        kept, before = parameter.flat[0], loss()
        parameter.flat[0] += 1e-6
        assert (loss() - before) / 1e-6 == pytest.approx(gradient.flat[0], abs=1e-4)
        parameter.flat[0] = kept
    layers = trained(inputs, (inputs[:, 0] > 0).astype(int), 2, [8, 8], 200, random)
    assert (outputs(layers, inputs).argmax(1) == (inputs[:, 0] > 0)).all()
