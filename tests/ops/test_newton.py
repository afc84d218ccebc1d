"""The search of the regularised Newton method, by loops, and steps to a level."""

import numpy as np
import pytest

from pipeline.ops import newton


def rows(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(12, 3))


@pytest.mark.parametrize("weigh", [newton.exact, newton.fisher, None])
def test_steps_are_those_of_loops(weigh: newton.Weights | None) -> None:
    a, x, gamma = rows(), np.zeros(3), 1.0

    def loss(w: np.ndarray) -> float:
        return sum(np.log(1 + np.exp(-(each @ w))) for each in a) / 12

    def gradient(w: np.ndarray) -> np.ndarray:
        return sum(-each / (1 + np.exp(each @ w)) for each in a) / 12

    for seen, point in zip(*newton.descend(newton.logistic(a, weigh), x, lambda *_: False, 8), strict=True):
        g = gradient(x)
        assert seen == pytest.approx([loss(x), np.linalg.norm(g)], rel=1e-9) and point == pytest.approx(x, abs=1e-9)
        chances = [1 / (1 + np.exp(each @ x)) for each in a]
        weights = [0.0 if weigh is None else p * (1 - p) if weigh is newton.exact else p * p for p in chances]
        h = sum(weight * np.outer(each, each) for weight, each in zip(weights, a, strict=True)) / 12
        while True:
            damped = np.linalg.norm(g) / gamma
            after = x - np.linalg.inv(h + damped * np.eye(3)) @ g
            if loss(x) - loss(after) >= np.linalg.norm(gradient(after)) ** 2 / (8 * damped):
                break
            gamma /= 2
        x, gamma = after, 2 * gamma


def test_gradient_and_hessian_are_those_of_differences() -> None:
    x, step = np.array([0.3, -0.5, 0.8]), 1e-6
    problem = newton.logistic(rows(), newton.exact)
    _, gradient, hessian = problem(x)
    moved = [(problem(x + step * axis), problem(x - step * axis)) for axis in np.eye(3)]
    assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in moved], abs=1e-8)
    assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in moved]), abs=1e-8)


def test_steps_to_a_level() -> None:
    assert newton.steps_to(np.array([1.0, 1e-2, 1e-4]), 1e-3) == pytest.approx(1.5)
    assert newton.steps_to(np.array([1.0, 1e-2]), 1.0) == 0
    assert newton.steps_to(np.array([1.0, 1e-2]), 1e-3) == 2
