"""Private steps with one minimiser for all: by loops, where the clip norm changes nothing, and assumptions removed."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.dp_interpolated import DELTA, EXAMPLES, DpInterpolated
from pipeline.ops.privacy import gaussian_scale


def check(**changes: object) -> DpInterpolated:
    given = {"smallest": 25, "largest": 400, "steps": 5, "iterations": 50, "epsilon": 1.0, "public": False}
    return DpInterpolated(**{**given, "rounded": 0.0, **changes})


def summed(made: DpInterpolated, repetitions: int = 10) -> dict[str, np.ndarray]:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(seed)), size)["loss"] for size in made.sizes()]
        for seed in range(repetitions)
    ]
    return made.summary(made.sizes(), {"loss": np.array(rows)})


@pytest.mark.parametrize(("rounded", "percent"), [(0.0, 200), (0.3, 150)])
def test_steps_by_loops_over_examples(rounded: float, percent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.methods.theory.dp_interpolated.RATES", np.array([0.4]))
    made = check(iterations=3, rounded=rounded)
    a, constants, noise = made.draw(percent, np.random.default_rng(0))
    clip, w = percent / 100, np.full(10, 1 / math.sqrt(10))
    for t in range(3):
        step = gaussian_scale(2 * clip / EXAMPLES, 3, 1.0, DELTA) * noise[t, :, 0]
        for direction, constant in zip(a, constants, strict=True):
            residual = direction @ w
            side = max(-1.0, min(1.0, residual / rounded)) if rounded else math.copysign(1.0, residual)
            gradient = constant * side * direction
            step = step + gradient * min(1.0, clip / np.linalg.norm(gradient)) / EXAMPLES
        w = w - 0.4 / clip / math.sqrt(t + 1) * step
    found = made.measure((a, constants, noise), percent)["loss"]
    assert found == pytest.approx(np.mean(constants * np.abs(a @ w)), rel=1e-9)


def test_below_the_least_constant_iterates_are_the_same_and_above_it_worse() -> None:
    found = summed(check())
    assert found["gap"].max() < 1e-9
    assert found["log_ratio"].mean() > 0.15


def test_assumptions_removed() -> None:
    assert summed(check(public=True))["log_ratio"].mean() < 0.1, "no noise"
    assert summed(check(rounded=0.3))["gap"].mean() > 0.01, "gradients below the constants"
