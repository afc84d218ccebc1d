"""Bounds on iterations: by loops, what they are derived from, invariance to scale, and wrong ones."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.separation_bounds import SeparationBounds, _held, _quotient
from pipeline.ops import separable


def check(**changes: object) -> SeparationBounds:
    return SeparationBounds(**{"points": 20, "dimensions": 4, "shift": 0.7, "flipped": 0.0, **changes})


def draws(number: int) -> list[np.ndarray]:
    return [check().draw(1, np.random.default_rng(seed)) for seed in range(number)]


def test_the_quotients_are_those_of_loops() -> None:
    points = draws(1)[0]
    margin, norm = separable.margin(points), max(math.hypot(*point) for point in points)
    quotients = []
    for gamma in (1.0, 10.0, 100.0):
        theta, taken = np.zeros(4), 0
        while taken == 0 or any(point @ theta <= 0 for point in points):
            weights = [1 / (1 + math.exp(point @ theta)) for point in points]
            step = sum(weight * point for weight, point in zip(weights, points, strict=True))
            theta, taken = theta + gamma * step / sum(weights), taken + 1
        quotients.append((norm**2 + 2 * math.log(39) / gamma) / margin**2 / taken)
    assert check().measure(points, 1)["looseness"] == pytest.approx(math.log10(min(quotients)), rel=1e-9)


def test_weighted_margins_are_below_the_logarithm_until_all_are_separated() -> None:
    """From it the bound follows: |theta_t|^2 grows by at most gamma^2 R^2 + 2 gamma log(2n - 1) a step, and theta_t
    times the best direction by at least gamma mu."""
    margins = np.linspace(0, 30, 3001)
    for count in (2, 20, 1000):
        weights = 1 / (1 + np.exp(margins))
        # one point on the boundary, all others at one margin, which is the worst
        largest = ((count - 1) * weights * margins / (0.5 + (count - 1) * weights)).max()
        assert 0.2 < largest / math.log(2 * count - 1) <= 1


@pytest.mark.parametrize("gamma", [1.0, 100.0])
def test_the_two_growths_hold_on_every_path(gamma: float) -> None:
    for points in draws(20):
        norm, margin = np.linalg.norm(points, axis=1).max(), separable.margin(points)
        taken = separable.iterations(points, separable.normalised(gamma), 1000)
        for count, theta in enumerate(separable.path(points, separable.normalised(gamma), taken), 1):
            assert theta @ theta <= count * (gamma**2 * norm**2 + 2 * gamma * math.log(39)) * (1 + 1e-9)
            assert np.linalg.norm(theta) >= count * gamma * margin * (1 - 1e-9)


def test_a_unit_of_features_does_not_matter_to_the_perceptron() -> None:
    points = draws(1)[0]
    plain, scaled = (check().measure(found, 1)["looseness_perceptron"] for found in (points, 7 * points))
    assert plain == pytest.approx(scaled, rel=1e-6)


def test_no_bound_is_violated() -> None:
    found = [check().measure(points, 1) for points in draws(50)]
    assert not any(each["violation"] or each["violation_perceptron"] for each in found)


def test_a_wrong_constant_is_seen_on_two_points_that_nearly_oppose_each_other() -> None:
    points = np.array([[0.03, 1.0], [0.03, -1.3]])
    bound = (0.03**2 + 1.3**2 + 2 * math.log(3)) / separable.margin(points) ** 2
    quotients = [_quotient(points, separable.normalised(1.0), bound / factor) for factor in (1, 20)]
    assert [_held(each, "")["violation"] for each in quotients] == [0, 1]


def test_a_bound_on_the_perceptron_without_the_number_of_points_is_seen_to_be_wrong() -> None:
    """One rare point, (0.5, -1) against (0.5, 1): the squares are 1.25 of the norm and 0.25 of the margin."""
    points = np.array([[0.5, -1.0], *[[0.5, 1.0]] * 99])
    assert separable.margin(points) == pytest.approx(0.5)
    quotients = [_quotient(points, separable.perceptron, factor * 5.0) for factor in (100, 1)]
    assert [_held(each, "")["violation"] for each in quotients] == [0, 1]


def test_wrong_labels_violate_the_bounds() -> None:
    found = [check(flipped=0.25).measure(points, 1) for points in draws(20)]
    assert np.mean([each["violation"] for each in found]) > 0.9
    assert np.mean([each["violation_perceptron"] for each in found]) > 0.9
