"""Implicit follow-the-regularised-leader: steps by search, conjugates by search, one dimension, and its ends."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from pipeline.methods.theory.implicit_ftrl import ImplicitFtrl
from pipeline.ops.online import absolute_leader


def check(**changes: object) -> ImplicitFtrl:
    given = {"smallest": 1, "largest": 1000, "steps": 7, "rounds": 60, "dimensions": 3, "noise": 0.0}
    return ImplicitFtrl(**{**given, **changes})


def summed(made: ImplicitFtrl, repetitions: int = 6) -> dict[str, np.ndarray]:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(seed)), size) for size in made.sizes()]
        for seed in range(repetitions)
    ]
    curves = {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}
    return made.summary(made.sizes(), curves)


@pytest.mark.parametrize("scale", [0.3, 10.0])
def test_the_proximal_step_by_search(scale: float) -> None:
    """w_t by minimising |u - theta / lambda|^2 lambda / 2 + loss along x, the only direction that matters."""
    x, y = check().draw(1, np.random.default_rng(0))
    theta, losses = np.zeros(3), []
    for t, (point, label) in enumerate(zip(x, y, strict=True), 1):
        losses.append(abs(theta @ point / np.sqrt(t) * scale - label))
        after = np.sqrt(t + 1) / scale
        start, square = theta @ point / after, point @ point
        # w = theta / after - s x / after, of which the loss sees start - s square / after
        found = minimize_scalar(
            lambda s, start=start, square=square, label=label, after=after: (
                s**2 * square / (2 * after) + abs(start - s * square / after - label)
            ),
            bounds=(-1.5, 1.5),
            method="bounded",
            options={"xatol": 1e-12},
        )
        theta = theta - found.x * point
    assert absolute_leader(x, y, scale, True)["losses"] == pytest.approx(losses, abs=1e-5)


def test_one_dimension_of_one_label() -> None:
    """x = 1 and a large step: the first step reaches the label as lambda_2 has it, and the second stays."""
    losses = absolute_leader(np.ones((3, 1)), np.full(3, 2.0), 100.0, True)["losses"]
    assert losses == pytest.approx([2, 0, 0], abs=1e-12)
    linear = absolute_leader(np.ones((3, 1)), np.full(3, 2.0), 100.0, False)["losses"]
    assert linear[1] == pytest.approx(100 / np.sqrt(2) - 2)


def test_small_steps_are_the_same_for_both() -> None:
    x, y = check().draw(1, np.random.default_rng(0))
    assert absolute_leader(x, y, 1e-6, True)["losses"] == pytest.approx(absolute_leader(x, y, 1e-6, False)["losses"])


def test_flat_where_linearised_losses_grow_and_no_longer_better_with_noise() -> None:
    found = summed(check())
    assert np.abs(found["exponent"]).max() < 1e-6
    assert np.abs(found["exponent_linear"] - 1).max() < 0.1, "an exponent of one half would be seen"
    assert found["log_ratio"].max() < -0.2
    assert summed(check(rounds=300, dimensions=5, noise=1.0), 2)["log_ratio"].min() > -0.05
