"""Inductive bias by dimension: by sampling, and where dimensions are added in name alone."""

import numpy as np
import pytest

from pipeline.methods.theory.bias_by_dimension import BiasByDimension


def check(**changes: object) -> BiasByDimension:
    settings = {"smallest": 2, "largest": 16, "steps": 4, "trained": 20, "tested": 20, "target": 0.05}
    return BiasByDimension(**{**settings, "plane": False, "radial": False, **changes})


def test_the_chance_by_sampling_functions() -> None:
    made = check(trained=3, tested=2, target=0.5)
    inputs, values = made.draw(3, np.random.default_rng(0))
    covariance = np.array([[np.exp(-sum((a - b) ** 2) / 2) for b in inputs] for a in inputs])
    known, across = covariance[:3, :3], covariance[3:, :3] @ np.linalg.inv(covariance[:3, :3])
    random = np.random.default_rng(1)
    mean, rest = across @ values[:3], covariance[3:, 3:] - across @ known @ across.T
    functions = random.multivariate_normal(mean, rest, 200_000)
    chance = (((functions - values[3:]) ** 2).mean(1) <= 0.5).mean()
    assert made.measure((inputs, values), 3)["nats"] == pytest.approx(-np.log(chance), abs=0.03)


def nats(made: BiasByDimension, size: int) -> float:
    found = [made.measure(made.draw(size, np.random.default_rng(seed)), size)["nats"] for seed in range(8)]
    return float(np.mean(found))


def test_it_grows_with_dimensions_that_vary_alone() -> None:
    assert nats(check(), 2) < 1 < nats(check(), 6) < nats(check(), 16)
    assert nats(check(plane=True), 16) == pytest.approx(nats(check(plane=True), 2), abs=1e-9)


def test_more_training_examples_require_less() -> None:
    assert nats(check(trained=60), 8) < nats(check(), 8) - 3


def test_a_radial_function_is_hardest_in_between() -> None:
    made = check(radial=True)
    assert nats(made, 2) < nats(made, 24) < nats(made, 6)
