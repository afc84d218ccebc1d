"""Iterations with clipping: in closed form, against the general bound, and without anything to clip."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.clipped_gd import ACCURACIES, ClippedGd, iterations


def check(**changes: object) -> ClippedGd:
    return ClippedGd(**{"smallest": 1, "largest": 10, "steps": 4, "start": 1e4, "step_size": 0.5, **changes})


def summed(made: ClippedGd) -> dict[str, np.ndarray]:
    found = [made.measure(np.random.default_rng(0), size) for size in made.sizes()]
    return made.summary(made.sizes(), {name: np.array([[each[name] for each in found]]) for name in found[0]})


@pytest.mark.parametrize("step_size", [0.01, 0.5])
def test_without_clipping_in_closed_form(step_size: float) -> None:
    expected = [math.ceil(math.log(accuracy / 100) / math.log(1 - step_size)) for accuracy in ACCURACIES]
    assert iterations(100.0, step_size, math.inf) == expected


@pytest.mark.parametrize("threshold", [1.0, 10.0])
def test_extra_iterations_of_small_steps_are_the_stated_ones(threshold: float) -> None:
    eta, quotient = 0.001, 100 / threshold
    clipped, plain = iterations(100.0, eta, threshold), iterations(100.0, eta, math.inf)
    expected = (quotient - 1 - math.log(quotient)) / eta
    assert [more - fewer for more, fewer in zip(clipped, plain, strict=True)] == pytest.approx([expected] * 3, rel=2e-3)


@pytest.mark.parametrize("threshold", [0.1, 1.0, 20.0])
def test_the_bound_of_two_terms_holds_on_a_function_that_is_not_convex(threshold: float) -> None:
    """A step lowers f by eta min(|g|, c) |g| / 2 for eta = 1 / L, so that the least |g|^2 of T steps is at most the
    larger of 2 f / (eta T) and (2 f / (eta T c))^2."""
    x, length, squares = 30.0, 400, []
    above, eta = x**2 / 2 + 3 * (1 - math.cos(x)), 1 / 4
    for _ in range(length):
        gradient = x + 3 * math.sin(x)
        squares.append(gradient**2)
        x -= eta * min(1, threshold / abs(gradient)) * gradient if gradient else 0
    for steps in (1, 10, 100, length):
        rate = 2 * above / (eta * steps)
        assert min(squares[:steps]) <= max(rate, (rate / threshold) ** 2)


def test_the_exponent_is_one_over_the_threshold_and_no_other() -> None:
    found = summed(check())
    assert found["exponent"][0] == pytest.approx(-1, abs=0.02)
    assert found["gap"][0] <= 2
    assert abs(summed(check(start=20.0))["exponent"][0] + 1) > 0.1, "near the thresholds it would be seen"


def test_from_below_the_threshold_nothing_is_clipped() -> None:
    found = summed(check(start=0.5))
    assert found["level"][0] == found["gap"][0] == 0 and "exponent" not in found
