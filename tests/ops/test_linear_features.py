"""Deep linear networks on free features: losses by loops, gradients by differences, and cosines."""

import math

import numpy as np
import pytest

from pipeline.ops.linear_features import LinearFeatures, cosines

LABELS = np.array([0, 0, 1, 2, 2])


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("cross_entropy", [False, True])
def test_the_loss_is_that_of_loops_and_its_gradient_that_of_differences(bias: bool, cross_entropy: bool) -> None:
    network = LinearFeatures(LABELS, 4, 3, 0.1, 0.2, bias, cross_entropy)
    flat = network.started(np.random.default_rng(0))
    parts = network.parts(flat)
    total = 0.1 * sum((weight**2).sum() for weight in parts[1:4]) / 2 + 0.2 * (parts[0] ** 2).sum() / 2
    for place, label in enumerate(LABELS):
        output = parts[3] @ (parts[2] @ (parts[1] @ parts[0][:, place])) + (parts[4] if bias else 0)
        squares = sum((output[k] - (k == label)) ** 2 for k in range(3)) / 2
        total += (math.log(sum(math.exp(v) for v in output)) - output[label] if cross_entropy else squares) / 5
    value, gradient = network.loss(flat)
    assert value == pytest.approx(total, rel=1e-12)
    direction = np.random.default_rng(1).normal(size=len(flat))
    rise = (network.loss(flat + 1e-6 * direction)[0] - network.loss(flat - 1e-6 * direction)[0]) / 2e-6
    assert gradient @ direction == pytest.approx(rise, rel=1e-6)


def test_means_and_spread() -> None:
    network = LinearFeatures(LABELS, 4, 2, 0.1, 0.1)
    parts = network.parts(network.started(np.random.default_rng(0)))
    first, second = network.means(parts)
    assert np.allclose(first[:, 0], (parts[0][:, 0] + parts[0][:, 1]) / 2)
    assert np.allclose(second, parts[1] @ first)
    alike = [first[:, LABELS], *parts[1:]]
    assert network.spread(alike) == pytest.approx(0, abs=1e-12) and network.spread(parts) > 0.1


def test_cosines_of_a_frame_of_a_simplex_and_of_pairs() -> None:
    assert np.allclose(cosines(np.diag([1.0, 2.0, 3.0])), 0)
    assert np.allclose(cosines(np.eye(4) - 0.25), -1 / 3)
    assert np.allclose(cosines(np.array([[1.0, -2.0], [0.0, 0.0]])), -1)
