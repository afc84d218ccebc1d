"""Noise for private releases: the conversion, and the curve of the Gaussian mechanism itself."""

import math

import pytest
from scipy.stats import norm

from pipeline.ops.privacy import gaussian_scale


@pytest.mark.parametrize(("releases", "epsilon", "delta"), [(1, 1.0, 1e-5), (25, 4.0, 1e-5), (100, 0.5, 1e-6)])
def test_the_costs_of_all_releases_convert_to_epsilon(releases: int, epsilon: float, delta: float) -> None:
    scale = gaussian_scale(0.3, releases, epsilon, delta)
    rho = sum(0.3**2 / (2 * scale**2) for _ in range(releases))
    assert rho + 2 * math.sqrt(rho * math.log(1 / delta)) == pytest.approx(epsilon, rel=1e-12)


@pytest.mark.parametrize(("releases", "epsilon"), [(1, 1.0), (25, 4.0), (100, 0.5)])
def test_it_is_enough_and_a_half_would_not_be(releases: int, epsilon: float) -> None:
    """T releases are one of sensitivity sqrt(T), whose delta at an epsilon is exactly known (Balle and Wang 2018)."""

    def delta(scale: float) -> float:
        mu = math.sqrt(releases) / scale
        return float(norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu))

    scale = gaussian_scale(1.0, releases, epsilon, 1e-5)
    assert delta(scale) <= 1e-5 < delta(scale / 2)
