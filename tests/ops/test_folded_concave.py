"""Penalties by their definitions, solutions by their conditions, and the recursion of dampings."""

import numpy as np
import pytest

from pipeline.ops import folded_concave


def penalty(b: float, threshold: float, name: str) -> float:
    size, shape = abs(b), folded_concave.SHAPES[name]
    if name == "mcp":
        return threshold * size - size**2 / (2 * shape) if size <= shape * threshold else shape * threshold**2 / 2
    if size <= threshold:
        return threshold * size
    if size <= shape * threshold:
        return (2 * shape * threshold * size - size**2 - threshold**2) / (2 * (shape - 1))
    return threshold**2 * (shape + 1) / 2


@pytest.mark.parametrize("name", ["scad", "mcp"])
def test_the_concave_part_is_the_penalty_less_the_absolute_value(name: str) -> None:
    for b in (-3.0, -1.2, -0.3, 0.2, 0.9, 1.4, 2.5):
        up, down = (penalty(b + step, 0.6, name) - 0.6 * abs(b + step) for step in (1e-6, -1e-6))
        assert folded_concave.concave(np.array([b]), 0.6, name)[0] == pytest.approx((up - down) / 2e-6, abs=1e-6)


def problem(name: str) -> folded_concave.Problem:
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 10))
    x = (x - x.mean(0)) / x.std(0)
    y = x[:, :2] @ [2.0, -1.5] + random.normal(size=40)
    return folded_concave.Problem(x, y - y.mean(), 0.4, name)


@pytest.mark.parametrize("name", ["scad", "mcp"])
@pytest.mark.parametrize("accelerated", [True, False])
def test_solutions_are_stationary(name: str, accelerated: bool) -> None:
    made = problem(name)
    b, _ = folded_concave.solved(made, accelerated, 1e-9)
    slopes = made.gradient(b)
    assert slopes[b != 0] == pytest.approx(-0.4 * np.sign(b[b != 0]), abs=1e-7)
    assert (np.abs(slopes[b == 0]) <= 0.4 + 1e-7).all() and (b != 0).any()


def test_without_damping_it_is_the_proximal_gradient_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded_concave, "damping", lambda before: 1.0)
    made = problem("scad")
    both = [folded_concave.solved(made, accelerated, 1e-6) for accelerated in (True, False)]
    assert np.array_equal(both[0][0], both[1][0]) and both[0][1] == both[1][1]


def test_dampings_solve_their_equation_and_are_at_most_those_of_the_example() -> None:
    alpha = 1.0
    for k in range(2, 50):
        alpha, before = folded_concave.damping(alpha), alpha
        assert alpha**2 == pytest.approx((1 - alpha) * before**2)
        assert alpha <= 2 / (k + 1)
