"""SAM's edge: its formula linearised, its limits, and a wrong radius."""

import numpy as np
import pytest

from pipeline.methods.theory.sam_edge import SamEdge

RANDOM = np.random.default_rng(0)


def settings(**changes: object) -> SamEdge:
    given = {"smallest": 5, "largest": 40, "steps": 4, "side": 6, "eps": 0.02, "iterations": 20_000}
    return SamEdge(**{**given, "normalised": False, **changes})


@pytest.mark.parametrize("size", [5, 20, 40])
def test_at_the_predicted_sharpness_a_small_residual_turns_its_sign(size: int) -> None:
    """One step by loops, of a point where lambda is as predicted and z nearly zero."""
    radius, eps, z = size / 100, 0.01, 1e-7
    sharpness = settings().predicted(size)["sharpness"]
    a = (sharpness / (1 + eps)) ** 0.5
    b = ((a * a - 2 * z) / eps) ** 0.5
    up_a, up_b = a + radius * z * a, b - radius * z * eps * b
    z_up = (up_a**2 - eps * up_b**2) / 2
    new_a, new_b = a - z_up * up_a, b + z_up * eps * up_b
    assert (new_a**2 - eps * new_b**2) / 2 == pytest.approx(-z, rel=1e-4)


def test_the_formula_in_numbers_and_without_a_radius() -> None:
    assert settings().predicted(100)["sharpness"] == pytest.approx(1), "1 (1 + 1) = 2"
    assert settings().predicted(1)["sharpness"] == pytest.approx(2, abs=0.05), "near gradient descent's"


def test_one_run_by_loops_settles_there() -> None:
    a, eps, radius = 1.1, 0.02, 0.2
    b = ((a * a + 0.7) / eps) ** 0.5
    for _ in range(20_000):
        z = (a * a - eps * b * b) / 2
        up_a, up_b = a + radius * z * a, b - radius * z * eps * b
        z = (up_a**2 - eps * up_b**2) / 2
        a, b = a - z * up_a, b + z * eps * up_b
    sharpness = a * a + eps * eps * b * b
    assert sharpness == pytest.approx(settings().measure(RANDOM, 20)["sharpness"], abs=1e-4)
    assert sharpness * (1 + radius * sharpness) == pytest.approx(2, rel=0.01)


def test_the_distance_to_the_edge_is_of_the_order_of_eps() -> None:
    errors = [settings(eps=eps).measure(RANDOM, 20)["error"] for eps in (0.04, 0.02, 0.01)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.1)
    assert errors[2] < 0.005


def test_another_formula_and_a_normalised_ascent_would_be_seen() -> None:
    for size in (5, 40):
        found, radius = settings(eps=0.01).measure(RANDOM, size)["sharpness"], size / 100
        assert abs(found * (1 + 2 * radius * found) / 2 - 1) > 0.05, "twice the radius"
        assert abs(found / 2 - 1) > 0.05, "gradient descent's edge"
    assert settings(normalised=True, iterations=2000).measure(RANDOM, 20)["error"] > 0.1
