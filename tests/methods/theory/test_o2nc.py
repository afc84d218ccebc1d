"""Online-to-non-convex conversion: by vectors and loops, the steps of the proof, and a constant that is too small."""

import numpy as np
import pytest

from pipeline.methods.theory.o2nc import O2NC, Plan, mean_gradient

SETTINGS = {"smallest": 1000, "largest": 4000, "steps": 3, "noise": 1.0, "radius": 0.1, "window": 0}
SETTINGS |= {"rippled": False, "end_point": False}


def check(**changes: object) -> O2NC:
    return O2NC(**{**SETTINGS, **changes})


def test_the_conversion_by_vectors() -> None:
    random, plan = np.random.default_rng(0), Plan(5, 60, 0.3, 0.1)
    shares, noise = random.random(300), random.normal(size=(300, 2))
    x, norms = np.array([2.0, 0.0]), []
    for k in range(60):
        delta, gradients = np.zeros(2), []
        for t in range(5):
            point = x + shares[5 * k + t] * delta
            gradients.append(point / np.linalg.norm(point) if np.linalg.norm(point) < 3 else np.zeros(2))
            x = x + delta
            delta = delta - 0.1 * (gradients[-1] + noise[5 * k + t])
            delta = delta * min(1, 0.3 / np.linalg.norm(delta))
        norms.append(np.linalg.norm(np.mean(gradients, 0)))
    found = mean_gradient(plan, check()._gradient(plan), shares, noise @ [1, 1j])
    assert found == pytest.approx(np.mean(norms), rel=1e-9)


@pytest.mark.parametrize("rippled", [True, False])
def test_at_a_uniform_point_the_gradient_along_a_step_is_the_change(rippled: bool) -> None:
    plan = Plan(16, 1, 0.02, 0.004)
    gradient = check(rippled=rippled)._gradient(plan)

    def value(z: complex) -> float:
        wave = (z.real / 0.004 + 0.25) % 1
        return 0.004 * (0.5 - abs(wave - 0.5)) if rippled else min(abs(z), 3.0)

    x, delta = 1.3 + 0.4j, 0.013 - 0.008j
    products = [(gradient(x + s * delta) * delta.conjugate()).real for s in (np.arange(20_000) + 0.5) / 20_000]
    assert np.mean(products) == pytest.approx(value(x + delta) - value(x), abs=1e-6)


@pytest.mark.parametrize(("size", "noise"), [(1000, 1.0), (4000, 0.5)])
def test_the_length_of_windows_makes_the_bound_least_but_for_whole_squares(size: int, noise: float) -> None:
    made = check(noise=noise)
    lengths = np.arange(1, 200)
    bounds = 2 * lengths / (0.1 * size) + (np.hypot(1, noise) + noise) / np.sqrt(lengths)
    plan = made._plan(size, 0.1)
    assert made._bound(plan) <= bounds.min() * 1.1
    assert plan.ball / plan.step_size == pytest.approx(np.hypot(1, noise) * np.sqrt(plan.length))
    assert plan.ball * plan.length == pytest.approx(0.1)


def test_the_bound_holds_and_half_of_it_would_not() -> None:
    found = check().measure(np.random.default_rng(1), 4000)
    assert 0.5 < found["quotient"] < 1
    assert 0.4 < found["gradient_wide"] / found["gradient"] < 0.6


def test_at_the_end_of_steps_ripples_look_like_a_slope() -> None:
    made = check(rippled=True, noise=0.0, end_point=True)
    assert made.measure(np.random.default_rng(2), 1000)["gradient"] == pytest.approx(1)
    assert check(rippled=True, noise=0.0).measure(np.random.default_rng(2), 1000)["gradient"] < 0.5


def test_the_rate_and_that_of_windows_of_one_length() -> None:
    for window, (low, high) in {0: (-0.39, -0.27), 9: (-0.2, 0.0)}.items():
        made = check(window=window, smallest=2000, largest=8000)
        curves = [made.measure(np.random.default_rng(3), size)["gradient"] for size in made.sizes()]
        assert low < np.polyfit(np.log(made.sizes()), np.log(curves), 1)[0] < high
