"""Steps by signs: by loops, in closed form, and with the norm of other coordinates."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.sign_descent import SignDescent


def check(**changes: object) -> SignDescent:
    settings = {"dimensions": 50, "iterations": 100, "condition": 1000.0, "unrotated": False}
    return SignDescent(**{**settings, **changes})


def measured(made: SignDescent, seed: int = 0) -> dict[str, float]:
    size = made.sizes()[-1]
    return made.measure(made.draw(size, np.random.default_rng(seed)), size)


def test_looseness_by_loops() -> None:
    made = check(dimensions=4, iterations=20)
    hessians, starts = made.draw(20, np.random.default_rng(0))
    for hessian, start, name in zip(hessians, starts, ("looseness", "looseness_rotated"), strict=True):
        w, least = [float(each) for each in start], math.inf
        norm = sum(abs(float(each)) for each in hessian.ravel())
        above = sum(w[i] * hessian[i, j] * w[j] for i in range(4) for j in range(4)) / 2
        for _ in range(20):
            gradient = [sum(hessian[i, j] * w[j] for j in range(4)) for i in range(4)]
            least = min(least, sum(abs(each) for each in gradient))
            w = [
                each - math.sqrt(2 * above / (norm * 20)) * math.copysign(1, slope)
                for each, slope in zip(w, gradient, strict=True)
            ]
        assert measured(made)[name] == pytest.approx(math.log10(math.sqrt(2 * above * norm / 20) / least))


def test_one_step_in_one_dimension_in_closed_form() -> None:
    """The gradient is the start x, and the bound sqrt(2 x^2 / 2) = |x|."""
    assert measured(check(dimensions=1, iterations=1, condition=1.0))["looseness"] == pytest.approx(0, abs=1e-12)


def test_a_step_lowers_the_value_by_what_the_bound_is_derived_from() -> None:
    hessian = check(dimensions=6).draw(1, np.random.default_rng(4))[0][1]
    random, norm = np.random.default_rng(5), np.abs(hessian).sum()
    for eta in (0.01, 0.1, 1.0):
        w = random.normal(size=6)
        gradient = hessian @ w
        ahead = w - eta * np.sign(gradient)
        fallen = (w @ hessian @ w - ahead @ hessian @ ahead) / 2
        assert fallen >= eta * np.abs(gradient).sum() - eta**2 * norm / 2 - 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_holds_and_that_by_another_norm_does_not(seed: int) -> None:
    found, control = measured(check(), seed), measured(check(unrotated=True), seed)
    assert found["violation"] == found["violation_rotated"] == 0
    assert control["violation"] == 0 and control["looseness"] == found["looseness"]
    assert control["violation_rotated"] == 1
