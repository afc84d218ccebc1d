import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from pipeline.ops.isotonic import isotonic


@pytest.mark.parametrize("n", [1, 2, 3, 10, 200])
def test_against_scipy(n):
    draws = np.random.default_rng(n)
    for spread in (0.0, 1.0, 100.0):
        values = draws.normal(size=n) + spread * np.arange(n) / n
        np.testing.assert_allclose(isotonic(values), isotonic_regression(values).x, atol=1e-11)


def test_two_ramps_that_meet_in_a_fall():
    values = np.concatenate([np.linspace(0, 1, 300), np.linspace(-1, 0, 300)])
    np.testing.assert_allclose(isotonic(values), isotonic_regression(values).x, atol=1e-12)


def test_what_rises_stays_and_what_falls_is_one_mean():
    rising = np.array([-1.0, 0.0, 0.5, 7.0])
    np.testing.assert_array_equal(isotonic(rising), rising)
    np.testing.assert_allclose(isotonic(rising[::-1]), np.full(4, rising.mean()))
    np.testing.assert_allclose(isotonic(np.ones(5)), np.ones(5))
