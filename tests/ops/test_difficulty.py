"""The formula of task difficulty: term by term in another form, harmonics counted, cubes sampled."""

import math

import numpy as np
import pytest

from pipeline.ops import difficulty


def bits(m: int, resolution: float, n: int, error: float, outputs: int, kinds: int) -> float:
    """As a product, with the generalised binomial coefficient by the gamma function."""
    most = 2 * math.pi * resolution
    degree = (-(m - 1) + math.sqrt((m - 1) ** 2 + 4 * most**2)) / 2
    count = sum(math.gamma(m + k + 1) / (math.gamma(k + 1) * math.factorial(m)) for k in (degree, degree - 1))
    area = 2 * math.pi ** ((m + 1) / 2) / math.gamma((m + 1) / 2)
    transport = math.sqrt(m / 6) * (area * kinds / n) ** (1 / m)
    volume = math.sqrt(outputs * kinds) * degree * math.sqrt(outputs) * transport / error
    return (2 * outputs * kinds * count - n * outputs) * math.log2(volume)


@pytest.mark.parametrize("case", [(1, 3.0, 5, 0.1, 1, 1), (3, 2.0, 50, 0.01, 4, 5), (7, 1.5, 20, 0.2, 2, 3)])
def test_the_formula(case: tuple[int, float, int, float, int, int]) -> None:
    assert difficulty.log_bits(*case) == pytest.approx(math.log(bits(*case)))


@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_harmonics_are_counted_by_their_frequencies(m: int) -> None:
    """Those of degree k on a sphere of dimension m are C(m + k, m) - C(m + k - 2, m), of frequency^2 k (k + m - 1)."""
    for degree in (1, 2, 6):
        most = math.sqrt(degree * (degree + m - 1))
        number = sum(math.comb(m + k, m) - (math.comb(m + k - 2, m) if k > 1 else 0) for k in range(degree + 1))
        found = difficulty.frequencies(m, most / (2 * math.pi))
        assert found[0] == pytest.approx(degree) and found[1] == pytest.approx(number)


def test_a_cube_of_as_much_area() -> None:
    """Unit circle: arcs of 2 pi / n; and distances in a cube of 3 dimensions, whose squares have a mean of 3 / 6."""
    assert np.exp(difficulty.log_transport(1, 7)) == pytest.approx(2 * math.pi / 7 / math.sqrt(6))
    points = np.random.default_rng(0).random((2, 100_000, 3))
    root = math.sqrt(((points[0] - points[1]) ** 2).sum(1).mean())
    assert np.exp(difficulty.log_transport(3, 2 * math.pi**2)) == pytest.approx(root, rel=0.01)
