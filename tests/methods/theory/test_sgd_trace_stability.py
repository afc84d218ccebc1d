"""Stable step sizes: simulated, in closed form, the bound derived, and a wrong constant."""

import numpy as np
import pytest

from pipeline.methods.theory.sgd_trace_stability import SgdTraceStability
from pipeline.ops.stability import critical_rate, mean_square, rank_one


def settings(**changes: object) -> SgdTraceStability:
    return SgdTraceStability(**{"smallest": 1, "largest": 16, "steps": 5, "spread": 1.0, **changes})


def samples(count: int) -> list[np.ndarray]:
    return [settings().draw(1, np.random.default_rng(i)) for i in range(count)]


def test_second_moments_grow_beyond_the_critical_step_and_shrink_below() -> None:
    """Both sides by following every sequence of two examples for eight steps."""
    points = np.array([[1.0, 0.3], [-0.4, 0.8]])
    rate = settings().measure(points, 1)["trace"] * 2 / (points**2).sum(1).mean()

    def total(eta: float, steps: int) -> float:
        ends = [np.eye(2)]
        for _ in range(steps):
            ends = [end - eta * np.outer(x, x) @ end for end in ends for x in points]
        return float(np.mean([(end**2).sum() for end in ends]))

    assert total(1.2 * rate, 10) > total(1.2 * rate, 8)
    assert total(0.8 * rate, 10) < total(0.8 * rate, 8)


def test_the_bound_is_attained_by_examples_along_different_axes() -> None:
    for n in (2, 5):
        assert settings().measure(np.eye(n), 1)["trace"] == pytest.approx(1)


def test_one_example_is_gradient_descent() -> None:
    found = settings().measure(np.array([[0.3, -2.0]]), 1)
    assert found == pytest.approx({"trace": 1, "trace_descent": 1, "top_descent": 1})


@pytest.mark.parametrize("size", [1, 2, 8])
def test_the_bound_by_its_derivation(size: int) -> None:
    """From the identity: eta E|C|_F^2 <= 2 tr(H), where E|C|_F^2 >= tr(H)^2 / B."""
    for points in samples(30):
        hessians, eye = rank_one(points), np.eye(points.shape[1]).ravel()
        trace = (points**2).sum(1).mean()
        squares = eye @ mean_square(hessians, size, "with_replacement") @ eye
        lengths = (points**2).sum(1)
        whole = sum((x @ y) ** 2 for x in points for y in points) / len(points) ** 2
        assert squares == pytest.approx((lengths**2).mean() / size + (1 - 1 / size) * whole)
        assert squares >= trace**2 / size
        assert critical_rate(hessians, size, "with_replacement") * squares <= 2 * trace * (1 + 1e-9)


def test_scaling_and_turning_examples_changes_nothing() -> None:
    points = samples(1)[0]
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(points.shape[1],) * 2))[0]
    assert settings().measure(3 * points @ turn, 2) == pytest.approx(settings().measure(points, 2))


def test_a_tighter_constant_and_larger_batches_would_be_seen() -> None:
    check = settings()
    curves = [[check.measure(points, size) for size in check.sizes()] for points in samples(60)]
    named = {name: np.array([[each[name] for each in row] for row in curves]) for name in curves[0][0]}
    found = check.summary(check.sizes(), named)
    assert found["violation"].sum() == 0 and found["violation_scaled"].sum() == 0
    assert (named["trace"][:, 0] > 0.5).mean() > 0.1, "tr(H) <= 1 / eta would be violated"
    assert found["violation_batches"].mean() > 0.5
    assert found["violation_descent"].mean() == 1
    assert found["level_descent"] == pytest.approx(1)
