"""Moments by gradient norms: sampled, step by step, exact for linear losses, with a constant or an assumption gone."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.gradient_norm_moments import (
    RATES,
    GradientNormMoments,
    bound,
    inputs,
    loss_and_gradient,
    moment,
)


def check(**changes: object) -> GradientNormMoments:
    return GradientNormMoments(**{"units": 8, "spread": 1.0, "clusters": 0.0, **changes})


def network(seed: int, **changes: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return check(**changes).draw(1, np.random.default_rng(seed))


def test_losses_and_gradients_by_loops_and_differences() -> None:
    first, shift, last = network(0)

    def loss(x: float, y: float) -> float:
        score = sum(v * math.tanh(a[0] * x + a[1] * y + b) for a, b, v in zip(first, shift, last, strict=True))
        return math.log(1 + math.exp(-score))

    found, norms = loss_and_gradient(np.array([[0.3, -0.7]]), first, shift, last)
    assert found[0] == pytest.approx(loss(0.3, -0.7))
    slopes = [loss(0.3 + 1e-5, -0.7) - loss(0.3 - 1e-5, -0.7), loss(0.3, -0.7 + 1e-5) - loss(0.3, -0.7 - 1e-5)]
    assert norms[0] == pytest.approx(sum((slope / 2e-5) ** 2 for slope in slopes), rel=1e-6)


@pytest.mark.parametrize("clusters", [0.0, 3.0])
def test_both_sides_by_sampling(clusters: float) -> None:
    random, points = np.random.default_rng(0), np.random.default_rng(1).normal(size=(400_000, 2))
    if clusters:
        points = points / 2 + np.outer(random.choice([-clusters, clusters], len(points)), [1, 0])
    sampled, even = loss_and_gradient(points, *network(2)), np.full(len(points), 1 / len(points))
    exact, weights = loss_and_gradient(inputs(clusters)[0], *network(2)), inputs(clusters)[1]
    assert moment(exact[0], weights, 3.0) == pytest.approx(moment(sampled[0], even, 3.0), rel=0.02)
    means = [np.average(sampled[1], weights=np.exp(-a * sampled[0])) for a in np.linspace(0, 3, 13)]
    assert bound(*exact, weights, 3.0) == pytest.approx(3 / 2 * np.trapezoid(means, dx=0.25), rel=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_the_step_of_the_derivation(seed: int) -> None:
    """The derivative of log E exp(-a l) / a is at most half the tilted mean of |grad l|^2; at 0 it is -E l."""
    points, weights = inputs(0.0)
    loss, norms = loss_and_gradient(points, *network(seed))

    def scaled(a: float) -> float:
        return float(np.log(weights @ np.exp(-a * loss))) / a

    assert scaled(1e-6) == pytest.approx(-(weights @ loss), abs=1e-5)
    for a in (0.1, 1.0, 5.0, 20.0):
        tilted = weights * np.exp(-a * (loss - loss.min()))
        assert (scaled(a * 1.001) - scaled(a * 0.999)) / (0.002 * a) <= tilted @ norms / tilted.sum() / 2


def test_linear_losses_reach_the_bound() -> None:
    points, weights = inputs(0.0)
    for rate in (0.5, 1.0, 3.0):
        loss = points @ [0.6, -0.8]
        assert moment(loss, weights, rate) == pytest.approx(rate**2 / 2)
        assert bound(loss, np.ones(len(loss)), weights, rate) == pytest.approx(rate**2 / 2)


def test_a_smaller_constant_is_seen_on_nearly_linear_networks() -> None:
    points, weights = inputs(0.0)
    held = []
    for seed in range(20):
        loss, norms = loss_and_gradient(points, *network(seed, spread=0.1))
        held.append([moment(loss, weights, rate) <= 0.9 * bound(loss, norms, weights, rate) for rate in RATES])
    assert not np.all(held) and np.mean(held) < 0.5


def test_normal_inputs_obey_it_and_clusters_do_not() -> None:
    normal = [check().measure(network(seed), 1) for seed in range(50)]
    assert not any(each["violation"] for each in normal)
    assert all(each["looseness"] < each["looseness_lipschitz"] for each in normal)
    apart = [check(clusters=3.0).measure(network(seed), 1)["violation"] for seed in range(50)]
    assert np.mean(apart) > 0.3
