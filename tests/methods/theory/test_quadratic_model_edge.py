"""Where sharpness settles under gradient descent: by loops, from a reduced map, and with a wrong constant."""

import numpy as np
import pytest

from pipeline.methods.theory.quadratic_model_edge import QuadraticModelEdge
from pipeline.methods.theory.quadratic_model_wide import QuadraticModelWide

RANDOM = np.random.default_rng(0)


def settings(**changes: object) -> QuadraticModelEdge:
    return QuadraticModelEdge(**{"smallest": 50, "largest": 200, "steps": 2, "side": 6, "target": 0.0, **changes})


def wide(**changes: object) -> QuadraticModelWide:
    given = {"outputs": 20, "weights": 40, "begin": 0.75, "residual": 0.5, "quadratic": 1.0, "iterations": 400}
    return QuadraticModelWide(**{**given, **changes})


def looped(first: float, residual: float, eps: float, steps: int, rate: float = 1.0) -> list[float]:
    """lambda along one run, with the gradient of the loss written out."""
    a, b, found = first, ((first**2 - 2 * residual) / eps) ** 0.5, []
    for _ in range(steps):
        z = (a * a - eps * b * b) / 2
        found.append(a * a + eps * eps * b * b)
        a, b = a - rate * z * a, b + rate * z * eps * b
    return found


def test_a_single_run_by_loops_rises_and_settles_half_an_eps_below_the_edge() -> None:
    path = looped(1.25, -0.35, 0.01, 40_000)
    assert path[0] < 1.6 and max(path) > 2
    assert (2 - path[-1]) / 0.01 == pytest.approx(settings().measure(RANDOM, 100)["offset"], abs=1e-3)


@pytest.mark.parametrize("target", [0.0, 0.25, 0.5])
def test_the_constant_follows_from_the_reduced_map(target: float) -> None:
    """z and c = lambda / 2 - z, by our derivation: the map of z as if c were constant, whose growth at z = 0 is
    1 - lambda, and c <- c + 2 eps (1 - target) z. For the same eps it ends where the whole model does."""
    eps, found = 0.005, settings(target=target).measure(RANDOM, 200)["offset"]
    z, c = -0.05, 1.02
    for _ in range(200_000):
        z, c = z - 2 * c * z + (c - 2) * z**2 + z**3, c + eps * (1 - target) * 2 * z
    assert 2 * (1 - c) / eps == pytest.approx((1 - target) / 2, rel=0.05)
    assert found == pytest.approx((1 - target) / 2, rel=0.02)


def test_two_steps_at_the_edge_take_the_cube_off_four_times() -> None:
    """theta <- theta (1 - z) for z = theta^2 / 2 - c, the model without eps."""
    z = np.array([0.01, 0.02, 0.04])
    once = z - 2 * z - z**2 + z**3
    twice = once - 2 * once - once**2 + once**3
    theta = np.sqrt(2 * (z + 1))
    assert once == pytest.approx((theta * (1 - z)) ** 2 / 2 - 1)
    assert (z - twice) / z**3 == pytest.approx(4, rel=0.1)


def test_another_constant_and_another_target_would_be_seen() -> None:
    check = settings()
    found = [check.measure(RANDOM, size) for size in check.sizes()]
    summary = check.summary(check.sizes(), {name: np.array([[each[name] for each in found]]) for name in found[0]})
    assert summary["level"] == 1 and summary["level_short"] == 0
    assert summary["gap"] == pytest.approx(0.5, abs=0.01) and summary["deviation"] < 1e-3
    assert abs(summary["gap"] - 1) > 0.4, "an offset of eps would be seen"
    assert summary["exponent"] == pytest.approx(-1, abs=0.03)
    assert settings(target=0.5).measure(RANDOM, 200)["offset"] == pytest.approx(0.25, abs=0.01)


def test_small_steps_go_past_where_large_ones_stay() -> None:
    """Without oscillation nothing stops the rise: gradient flow from the same start ends above 2."""
    assert looped(1.25, -0.35, 0.01, 4_000, rate=0.01)[-1] > 2.1


# --- many dimensions ---


def test_most_draws_rise_to_the_edge_and_none_of_a_linear_model() -> None:
    found = [wide().measure(wide().draw(1, np.random.default_rng(i)), 1) for i in range(20)]
    assert np.mean([each["log_ratio"] > 0 for each in found]) > 0.9
    assert np.mean([each["level"] for each in found]) == pytest.approx(1, abs=0.1)
    linear = wide(quadratic=0.0)
    still = linear.measure(linear.draw(1, np.random.default_rng(0)), 1)
    assert still == pytest.approx({"log_ratio": 0, "level": 0.75}, abs=1e-9)


def test_what_is_drawn_has_the_stated_scales() -> None:
    residuals, jacobian, second = wide(outputs=50, weights=60).draw(1, np.random.default_rng(0))
    assert np.sqrt((residuals**2).mean()) == pytest.approx(0.5)
    assert jacobian.var() * 60 == pytest.approx(1, rel=0.1)
    assert second[:, 0, 1].var() * 50 * 60 == pytest.approx(1, rel=0.5)
    assert second == pytest.approx(second.transpose(0, 2, 1))


def test_from_far_below_the_edge_it_does_not_get_there() -> None:
    low = wide(begin=0.1)
    levels = [low.measure(low.draw(1, np.random.default_rng(i)), 1)["level"] for i in range(10)]
    assert max(levels) < 0.5
