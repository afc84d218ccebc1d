"""Chances of quadratic forms: against known laws, sampling and convolution, and a fit to a known law."""

import numpy as np
import pytest
from scipy.stats import chi2, ncx2

from pipeline.ops.quadratic_forms import Form, fitted


def form(weights: list[float], freedoms: list[float], shifts: list[float]) -> Form:
    return Form(np.array(weights), np.array(freedoms), np.array(shifts))


@pytest.mark.parametrize("freedom", [1, 2, 3, 40])
@pytest.mark.parametrize("at", [1e-6, 0.1, 1.0, 30.0])
def test_one_central_variable(freedom: int, at: float) -> None:
    assert form([2.0], [freedom], [0.0]).log_chance(2 * at) == pytest.approx(
        chi2.logcdf(at, freedom), rel=1e-9, abs=1e-11
    )


@pytest.mark.parametrize("at", [1e-4, 1.0, 8.0, 40.0])
def test_one_noncentral_variable(at: float) -> None:
    assert form([0.5], [5.0], [3.0]).log_chance(at / 2) == pytest.approx(ncx2.logcdf(at, 5, 3), rel=1e-9, abs=1e-11)


def test_equal_weights_add_up() -> None:
    split = form([0.3] * 3, [1.0, 2.0, 3.0], [0.5, 0.0, 4.0])
    assert split.log_chance(0.05) == pytest.approx(form([0.3], [6.0], [4.5]).log_chance(0.05), rel=1e-12)


def test_two_exponential_variables_in_closed_form() -> None:
    """Weights w and v of two degrees of freedom: exponentials of means 2 w and 2 v."""
    a, b, at = 2.0, 0.2, 0.1
    exact = 1 - (a * np.exp(-at / a) - b * np.exp(-at / b)) / (a - b)
    assert form([a / 2, b / 2], [2.0, 2.0], [0.0, 0.0]).log_chance(at) == pytest.approx(np.log(exact), rel=1e-12)


def test_against_sampling() -> None:
    made = form([1, 0.5, 0.1, 1e-3], [1, 1, 1, 1], [0, 2, 0.5, 9])
    values = made.draw(200_000, np.random.default_rng(0))
    for log_chance in (-0.5, -2.0, -5.0):
        at = made.quantile(log_chance)
        assert made.log_chance(at) == pytest.approx(log_chance, abs=1e-7)
        assert np.log((values <= at).mean()) == pytest.approx(log_chance, abs=0.1)


def test_a_fit_finds_its_own_law() -> None:
    values = ncx2.ppf((np.arange(400) + 0.5) / 400, 6, 4) * 0.01
    found = fitted(values)
    for at in (0.03, 0.1, 0.2):
        assert found.log_chance(at) == pytest.approx(ncx2.logcdf(at / 0.01, 6, 4), rel=0.05)
