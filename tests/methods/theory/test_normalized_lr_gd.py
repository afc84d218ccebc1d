"""One rare point: iterations by loops and by hand, the limit of small steps, and the control."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.normalized_lr_gd import NormalizedLrGd


def check(**changes: object) -> NormalizedLrGd:
    settings = {"smallest": 50, "largest": 1600, "steps": 6, "step_size": 100.0, "most": 2000, "balanced": False}
    return NormalizedLrGd(**{**settings, **changes})


def measured(made: NormalizedLrGd, size: int) -> dict[str, float]:
    return made.measure(np.random.default_rng(0), size)


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("step_size", [1.0, 100.0])
def test_iterations_are_those_of_a_loop(step_size: float, normalised: bool) -> None:
    size, first, second, count = 60, 0.0, 0.0, 0
    while count == 0 or min(0.5 * first - second, 0.5 * first + second) <= 0:
        rare = 1 / (1 + math.exp(0.5 * first - second))
        other = (size - 1) / (1 + math.exp(0.5 * first + second))
        scale = step_size / (rare + other if normalised else size)
        first, second, count = first + scale * 0.5 * (rare + other), second + scale * (other - rare), count + 1
    found = measured(check(step_size=step_size), size)
    assert found["normalised" if normalised else "plain"] == count


@pytest.mark.parametrize("step_size", [100.0, 10_000.0])
def test_the_number_of_plain_iterations_is_the_predicted_one_and_no_other(step_size: float) -> None:
    made = check(step_size=step_size)
    for size in made.sizes():
        found = measured(made, size)["plain"]
        assert abs(found - made.predicted(size)["plain"]) <= 1
        assert abs(found - 0.25 * size) > 1.5, "a constant of a quarter would be seen"


def test_only_the_plain_exponent_is_one_and_only_with_a_rare_point() -> None:
    for balanced, expected in ((False, 1.0), (True, 0.0)):
        made = check(balanced=balanced)
        found = [measured(made, size) for size in made.sizes()]
        curves = {name: np.array([[each[name] for each in found]]) for name in found[0]}
        summed = made.summary(made.sizes(), curves)
        assert summed["exponent_plain"][0] == pytest.approx(expected, abs=0.05)
        assert summed["exponent"][0] == pytest.approx(0, abs=0.05)


def test_small_normalised_steps_do_need_more_with_more_examples() -> None:
    found = [measured(check(step_size=0.1), size)["normalised"] for size in (50, 800)]
    assert found[1] > found[0] + 5
