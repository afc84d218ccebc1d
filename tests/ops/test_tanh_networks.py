"""Tanh networks: losses by loops, derivatives by differences, and the Gauss-Newton part by its definition."""

import math

import numpy as np
import pytest

from pipeline.ops.tanh_networks import TanhNetwork


def network(widths: tuple[int, ...] = (4, 5, 6, 3)) -> tuple[TanhNetwork, np.ndarray]:
    random = np.random.default_rng(0)
    made = TanhNetwork(random.normal(size=(7, widths[0])), random.integers(widths[-1], size=7), widths)
    return made, made.started(random) + 0.1 * random.normal(size=made.size)


def outputs(made: TanhNetwork, flat: np.ndarray) -> np.ndarray:
    values = made.inputs
    layers = made.layers(flat)
    for place, weights in enumerate(layers):
        values = values @ weights[:-1] + weights[-1]
        values = np.tanh(values) if place < len(layers) - 1 else values
    return values


def differences(function: object, flat: np.ndarray, step: float = 1e-5) -> np.ndarray:
    rows = [(function(flat + step * each) - function(flat - step * each)) / (2 * step) for each in np.eye(len(flat))]
    return np.array(rows)


@pytest.mark.parametrize("widths", [(4, 5, 3), (4, 5, 6, 3)])
def test_loss_gradient_and_hessian(widths: tuple[int, ...]) -> None:
    made, flat = network(widths)
    scores = outputs(made, flat)
    loss = sum(math.log(sum(map(math.exp, row))) - row[label] for row, label in zip(scores, made.labels, strict=True))
    assert made.loss(flat)[0] == pytest.approx(loss / 7, rel=1e-12)
    assert np.allclose(made.loss(flat)[1], differences(lambda at: made.loss(at)[0], flat), atol=1e-8)
    assert np.allclose(made.curvature(flat)[0], differences(lambda at: made.loss(at)[1], flat), atol=1e-8)


def test_the_gauss_newton_part_is_the_mean_over_examples_of_slopes_of_outputs() -> None:
    made, flat = network()
    slopes = differences(lambda at: outputs(made, at), flat)
    chances = np.exp(outputs(made, flat))
    chances /= chances.sum(1, keepdims=True)
    total = np.zeros((made.size, made.size))
    for place in range(7):
        spread = np.diag(chances[place]) - np.outer(chances[place], chances[place])
        total += slopes[:, place] @ spread @ slopes[:, place].T / 7
    assert np.allclose(made.curvature(flat)[1], total, atol=1e-8)


def test_descent_stops_at_the_loss_and_a_batch_of_all_is_a_gradient_step() -> None:
    made, flat = network()
    assert made.loss(made.descended(flat, 0.05, 2000))[0] < 0.05
    assert np.allclose(made.stepped(flat, np.arange(7)[None], 0.3), flat - 0.3 * made.loss(flat)[1], atol=1e-14)
