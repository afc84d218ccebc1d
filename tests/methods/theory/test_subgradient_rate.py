"""Steps on |x| and on Huber's function: by loops, in closed form, and with the kink taken away."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.subgradient_rate import SubgradientRate


def check(**changes: object) -> SubgradientRate:
    settings = {"smallest": 30, "largest": 3000, "steps": 5, "starts": 200, "constant": 0.1}
    return SubgradientRate(**{**settings, **changes})


@pytest.mark.parametrize("size", [30, 300])
def test_errors_are_those_of_loops(size: int) -> None:
    starts = check().draw(size, np.random.default_rng(0))
    ended: dict[float, list[float]] = {1 / math.sqrt(size): [], 0.1: []}
    for eta, errors in ended.items():
        for start in starts:
            x = float(start)
            for _ in range(size):
                x -= eta if x > 0 else -eta
            errors.append(abs(x))
    found = check().measure(starts, size)
    assert found["kink"] == pytest.approx(np.mean(ended[1 / math.sqrt(size)]))
    assert found["kink_constant"] == pytest.approx(np.mean(ended[0.1]))


@pytest.mark.parametrize("size", [30, 95, 3000])
def test_the_worst_smooth_function_in_closed_form(size: int) -> None:
    """T steps of size w = 1 / (2T + 1) from 1 end at (T + 1) w, beyond w, where f is w x - w^2 / 2."""
    found, width = check().measure(np.ones(200), size)["smooth"], 1 / (2 * size + 1)
    assert found == pytest.approx(width * (size + 1) * width - width**2 / 2, rel=1e-9)
    assert found == pytest.approx(check().predicted(size)["smooth"], rel=1e-9)


def test_errors_are_half_a_step_and_no_other_share_of_it() -> None:
    made = check(starts=20_000)
    for size in (300, 3000):
        found = made.measure(made.draw(size, np.random.default_rng(0)), size)
        for name in ("kink", "kink_constant"):
            assert found[name] == pytest.approx(made.predicted(size)[name], rel=0.03)
            assert abs(found[name] / made.predicted(size)[name] - 2) > 0.5, "a whole step would be seen"


def test_without_the_kink_a_constant_step_converges() -> None:
    """Rounded off within a width above half the step, |x| lets the same steps converge."""
    x = check().draw(300, np.random.default_rng(0))
    for _ in range(300):
        x = x - 0.1 * np.clip(x / 0.2, -1, 1)
    assert np.abs(x).mean() < 1e-9
    assert check().measure(check().draw(300, np.random.default_rng(0)), 300)["kink_constant"] > 0.04
