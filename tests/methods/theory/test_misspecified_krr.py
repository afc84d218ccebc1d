"""Kernel ridge regression outside of its space: in modes, over drawn noise, by rates, and with other penalties."""

import numpy as np
import pytest

from pipeline.methods.theory.misspecified_krr import MisspecifiedKrr
from pipeline.ops.cosine_kernel import Cosines
from pipeline.ops.rates import slopes


def check(**changes: object) -> MisspecifiedKrr:
    defaults = {"smallest": 50, "largest": 500, "steps": 4, "smoothness": 0.3, "assumed": 0.3}
    return MisspecifiedKrr(**{**defaults, **changes})


def test_the_error_is_that_of_fits_in_modes_to_drawn_noise() -> None:
    made = check()
    made.cosines = Cosines(64)
    coefficients, x = made.draw(12, np.random.default_rng(0))
    modes = np.sqrt(2) * np.cos(np.pi * np.outer((x + 0.5) / 64, np.arange(1, 64)))
    values, random, errors = np.arange(1, 64.0) ** -2, np.random.default_rng(1), []
    operator = (values * modes).T @ np.linalg.inv((modes * values) @ modes.T + 12 * made.penalty(12) * np.eye(12))
    for _ in range(20_000):
        fitted = operator @ (modes @ coefficients + random.normal(size=12))
        errors.append(sum((fitted - coefficients) ** 2))
    assert made.measure((coefficients, x), 12)["error"] == pytest.approx(np.mean(errors), rel=0.02)


def test_the_function_is_on_the_border_of_its_space() -> None:
    """sum f_j^2 l_j^-t grows without bound for t = s and not below: terms are 1 / j at t = s."""
    made = check(smoothness=0.6)
    coefficients = made.draw(1, np.random.default_rng(0))[0]
    j = np.arange(1, len(coefficients) + 1.0)
    assert coefficients**2 * (j**-2.0) ** -0.6 == pytest.approx(1 / j)
    assert set(np.sign(coefficients)) == {-1, 1}


@pytest.mark.parametrize("smoothness", [0.2, 0.3, 0.6, 0.9])
def test_the_equivalent_has_the_stated_exponent_and_another_would_be_seen(smoothness: float) -> None:
    made = check(smoothness=smoothness, assumed=smoothness)
    found = limit(made)
    assert found == pytest.approx(-2 * smoothness / (2 * smoothness + 1), abs=0.02)
    assert abs(found + 2 * smoothness / (2 * smoothness + 2)) > 0.02, "s beta / (s beta + 2) would be seen"


def limit(made: MisspecifiedKrr) -> float:
    sizes = [10**5, 10**6, 10**7]
    return float(slopes(sizes, np.array([[made.predicted(size)["error"] for size in sizes]]))[0])


def test_with_another_penalty_the_bias_alone_sets_the_exponent() -> None:
    assert limit(check(assumed=1.0)) == pytest.approx(-2 / 3 * 0.3, abs=0.02)


def test_the_summary_is_of_slopes_and_of_the_worst_size() -> None:
    made, sizes = check(), [50, 500]
    stated = np.array([made.predicted(size)["error"] for size in sizes])
    found = made.summary(sizes, {"error": stated * np.array([[1.0, 1.1], [1.0, 1.3]])})
    assert found["deviation"] == pytest.approx([0.1, 0.3])
    assert found["exponent"] == pytest.approx(np.log(stated[1] / stated[0] * np.array([1.1, 1.3])) / np.log(10))
    assert found["exponent_limit"] == pytest.approx(limit(made))
