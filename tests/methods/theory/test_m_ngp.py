"""Private normalised steps: by loops, the excess by sampling, what privacy leaves, and a wrong exponent."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.m_ngp import DELTA, DIMENSIONS, MNgp, excess
from pipeline.ops.privacy import gaussian_scale


def check(**changes: object) -> MNgp:
    given = {"smallest": 2000, "largest": 32000, "steps": 5, "chains": 4, "epsilon": 4.0, "noise": 0.5}
    return MNgp(**{**given, "power": 1.0, "iterations": 25, "flat": False, **changes})


def exponents(made: MNgp, repetitions: int) -> np.ndarray:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(seed)), size)["excess"] for size in made.sizes()]
        for seed in range(repetitions)
    ]
    return made.summary(made.sizes(), {"excess": np.array(rows)})["exponent"]


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_steps_by_loops_over_examples(power: float) -> None:
    made = check(power=power, chains=1, iterations=4)
    x, labels, noise, covariance = made.draw(50, np.random.default_rng(0))
    truth = np.ones(DIMENSIONS) / math.sqrt(DIMENSIONS)
    w, targets = np.zeros(DIMENSIONS), [point @ truth + label[0] for point, label in zip(x, labels, strict=True)]
    for drawn in noise:
        step = gaussian_scale(2 / 50, 4, 4.0, DELTA) * drawn[:, 0]
        for point, target in zip(x, targets, strict=True):
            residual = point @ w - target
            gradient = math.copysign(abs(residual) ** power, residual) * point
            step = step + gradient / max(1, np.linalg.norm(gradient)) / 50
        w = w - DIMENSIONS / 2 * step
    expected = excess(np.array((w - truth) ** 2 @ covariance), 0.5, power)
    assert made.measure((x, labels, noise, covariance), 50)["excess"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_the_excess_is_that_of_drawn_examples(power: float) -> None:
    z = np.random.default_rng(0).normal(size=400_000)
    losses = [np.mean(np.abs(scale * z) ** (1 + power)) / (1 + power) for scale in (math.sqrt(0.25 + 0.3), 0.5)]
    assert excess(np.array(0.3), 0.5, power) == pytest.approx(losses[0] - losses[1], rel=0.01)
    assert excess(np.array(0.3), 0.0, power) == pytest.approx(losses[0] * (0.3 / 0.55) ** ((1 + power) / 2), rel=0.01)


def test_what_privacy_leaves_is_the_derived_size() -> None:
    made = check(noise=0.0, chains=60)
    found = made.measure(made.draw(2000, np.random.default_rng(0)), 2000)["excess"]
    step = DIMENSIONS / 2 * gaussian_scale(2 / 2000, 25, 4.0, DELTA)
    # halving a step; 300 normal draws of variance, and covariances of 2,000 examples
    assert found == pytest.approx(step**2 / 1.5, rel=0.2)


def test_the_exponent_is_that_of_the_square_and_not_of_the_bound() -> None:
    found = exponents(check(noise=0.0, largest=8000, steps=3), 8)
    assert found.mean() == pytest.approx(-2, abs=0.3)


def test_without_curvature_it_hardly_falls() -> None:
    assert exponents(check(flat=True, largest=8000, steps=3), 3).mean() > -0.5


def test_without_a_bound_on_curvature_steps_do_not_settle() -> None:
    assert exponents(check(power=0.5, noise=0.0, largest=8000, steps=3), 3).mean() > -0.2
