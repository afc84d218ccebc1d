"""Regret of online ridge regression: with drawn noise and loops, in one dimension, and with wrong constants."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.online_regression import OnlineRegression, mean_regret


def check(**changes: object) -> OnlineRegression:
    given = {"smallest": 250, "largest": 4000, "steps": 5, "dimensions": 5, "noise": 1.0, "norm": 1.0, **changes}
    return OnlineRegression(**given)


def summed(made: OnlineRegression, repetitions: int = 4) -> dict[str, np.ndarray]:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(index)), size)["regret"] for size in made.sizes()]
        for index in range(repetitions)
    ]
    return made.summary(made.sizes(), {"regret": np.array(rows)})


def test_means_are_those_of_drawn_noise() -> None:
    """Losses are compared as they are, of predictions by the normal equations of each round."""
    random = np.random.default_rng(0)
    x, theta, noise = random.normal(size=(12, 2)), np.array([0.6, -0.8]), 0.5
    regrets = []
    labels = x @ theta + noise * random.normal(size=(20_000, 12))
    for t in range(12):
        past = np.eye(2) + sum((np.outer(x[s], x[s]) for s in range(t)), np.zeros((2, 2)))
        fitted = np.linalg.solve(past, x[:t].T @ labels[:, :t].T)
        regrets.append(((x[t] @ fitted - labels[:, t]) ** 2 - (x[t] @ theta - labels[:, t]) ** 2) / 2)
    error = np.std(regrets, axis=1) / math.sqrt(20_000)
    assert np.all(np.abs(np.mean(regrets, axis=1) - mean_regret(x, theta, noise)) < 5 * error + 1e-12)


def test_one_dimension_in_closed_form() -> None:
    """With x = 1: A = t + 1 after t rounds, and a regret of (theta^2 + sigma^2 t) / (2 (t + 1)^2)."""
    found = mean_regret(np.ones((50, 1)), np.array([3.0]), 2.0)
    assert found == pytest.approx([(9 + 4 * t) / (2 * (t + 1) ** 2) for t in range(50)], rel=1e-12)


def test_a_smaller_size_begins_as_a_larger_one() -> None:
    x, direction = check().draw(40, np.random.default_rng(1))
    more, same = check().draw(90, np.random.default_rng(1))
    assert np.array_equal(more[:40], x) and np.array_equal(same, direction)


def test_the_constant_is_one_half_and_no_other() -> None:
    assert abs(summed(check())["deviation"].mean()) < 0.03
    found = summed(check(noise=2.0))["deviation"]
    assert abs(found.mean()) < 0.03
    assert abs((found.mean() + 1) / 2 - 1) > 0.4, "a constant of sigma^2 d would be seen"
    assert abs((found.mean() + 1) * 2 - 1) > 0.9, "and growth with sigma alone"


def test_without_noise_it_stops_growing() -> None:
    assert summed(check(noise=0.0))["level"].max() < 0.01
