"""The PAC-Bayes bound by gradient norms: its parts by sampling, its limit, and without its penalties."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.gradient_norm_bound import GradientNormBound, balanced, gibbs, prior_moment


def check(**changes: object) -> GradientNormBound:
    return GradientNormBound(**{"smallest": 50, "largest": 5000, "steps": 3, "dimensions": 10, "rate": 0.9, **changes})


def test_the_posterior_is_where_loss_and_norm_balance() -> None:
    points = check().draw(60, np.random.default_rng(0))[0]

    def objective(w: np.ndarray) -> float:
        return 7 * sum(math.log(1 + math.exp(-(w @ z))) for z in points) / 60 + w @ w / 2

    found = balanced(points, 7.0)
    for axis in np.eye(10):
        assert objective(found) < min(objective(found + 1e-3 * axis), objective(found - 1e-3 * axis))


def test_the_mean_loss_of_drawn_weights() -> None:
    random, points = np.random.default_rng(0), check().draw(20, np.random.default_rng(1))[0]
    weights = np.arange(10) / 10 + 0.5 * random.normal(size=(40_000, 10))
    sampled = np.logaddexp(0, -weights @ points.T).mean()
    assert gibbs(points, np.arange(10) / 10, 0.25) == pytest.approx(sampled, abs=0.01)


def sides(size: int, dimensions: int, rate: float) -> tuple[float, float]:
    """log E_p exp(n log E exp(t (E l - l))), and log E_p exp(n K_w(t)), t = rate / sqrt(n), over drawn weights."""
    random, nodes, tilt = np.random.default_rng(0), np.linspace(-8, 8, 801), rate / math.sqrt(size)
    masses = np.exp(-(nodes**2) / 2) / np.exp(-(nodes**2) / 2).sum()
    left, right = [], []
    for w in random.normal(size=(2000, dimensions)):
        norm = w @ w
        scores = w[0] + math.sqrt(norm) * nodes
        loss = np.logaddexp(0, -scores)
        left.append(size * math.log(masses @ np.exp(tilt * (masses @ loss - loss))))
        means = []
        for a in np.linspace(0, tilt, 5):
            tilted = masses * np.exp(-a * loss)
            means.append(norm * (tilted @ (1 / (1 + np.exp(scores))) ** 2) / tilted.sum())
        right.append(size * tilt / 2 * np.trapezoid(means, dx=tilt / 4))
    return math.log(np.mean(np.exp(left))), math.log(np.mean(np.exp(right)))


def test_the_prior_term_by_drawn_weights_and_what_it_bounds() -> None:
    left, right = sides(50, 4, 0.7)
    assert prior_moment(50, 4, 0.7) == pytest.approx(right, rel=0.05)
    assert 0.5 * right < left <= right, "half of it would be too little"


def test_in_the_limit_of_small_rates_it_is_half_the_rate_squared_times_the_mean_squared_gradient() -> None:
    random = np.random.default_rng(0)
    weights, points = random.normal(size=(2, 20_000, 4))
    points[:, 0] += 1
    slopes = 1 / (1 + np.exp((weights * points).sum(1)))
    expected = 1e-4 / 2 * ((weights**2).sum(1) * slopes**2).mean()
    assert prior_moment(1000, 4, 0.01) == pytest.approx(expected, rel=0.03)


def test_it_is_below_what_a_lipschitz_constant_gives() -> None:
    """E_p exp(c^2 |w|^2 / 2) = (1 - c^2)^(-D / 2), infinite from c = 1 on, where the gradient's term is not."""
    for rate in (0.1, 0.5, 0.9):
        assert prior_moment(500, 10, rate) < -5 * math.log(1 - rate**2)
    assert math.isfinite(prior_moment(500, 10, 1.0))


def test_the_bound_by_hand_and_without_penalties() -> None:
    made, violated = check(), []
    for seed in range(30):
        sample = made.draw(50, np.random.default_rng(seed))
        found = made.measure(sample, 50)
        violated.append(found["violation_unpenalised"])
        assert not found["violation"]
    scale = 0.9 * math.sqrt(50)
    centre, variance = balanced(sample[0], scale), 1 / (1 + scale / 4)
    divergence = sum((variance + m**2 - 1 - math.log(variance)) / 2 for m in centre)
    bound = gibbs(sample[0], centre, variance) + (divergence + math.log(20) + prior_moment(50, 10, 0.9)) / scale
    assert found["looseness"] == pytest.approx(math.log10(bound / gibbs(sample[1], centre, variance)))
    assert np.mean(violated) > 0.6
