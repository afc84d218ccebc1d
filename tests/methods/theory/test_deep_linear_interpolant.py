"""Deep linear networks: gradients by differences, what training cannot move, depths, and what a start changes."""

import numpy as np
import pytest

from pipeline.methods.theory.deep_linear_interpolant import DeepLinearInterpolant, fitted


def check(**changes: object) -> DeepLinearInterpolant:
    defaults = {"smallest": 1, "largest": 100, "steps": 3, "examples": 4, "dimensions": 40, "width": 10}
    return DeepLinearInterpolant(**{**defaults, "depth": 3, "iterations": 500, **changes})


def measured(made: DeepLinearInterpolant, size: int, repetitions: int = 6) -> dict[str, np.ndarray]:
    found = [made.measure(made.draw(size, np.random.default_rng(seed)), size) for seed in range(repetitions)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def test_a_step_is_along_the_gradient_by_differences() -> None:
    made = check(examples=2, dimensions=3, width=2)
    x, truth, noises, start = made.draw(1, np.random.default_rng(0))
    y = x @ truth + noises[0]

    def loss(layers: list[np.ndarray]) -> float:
        return float(sum((x @ (layers[2] @ layers[1] @ layers[0])[0] - y) ** 2) / 2)

    rate, stepped = 0.25 / np.linalg.norm(x, 2) ** 2, [layer.copy() for layer in start]
    for number, layer in enumerate(start):
        for place in np.ndindex(*layer.shape):
            losses = []
            for change in (1e-6, -1e-6):
                moved = [each.copy() for each in start]
                moved[number][place] += change
                losses.append(loss(moved))
            stepped[number][place] -= rate * (losses[0] - losses[1]) / 2e-6
    theta = (stepped[2] @ stepped[1] @ stepped[0])[0]
    assert fitted(x, y[None], start, 1)[0] == pytest.approx(theta, abs=1e-7)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_every_depth_interpolates_and_agrees_in_the_span(depth: int) -> None:
    made = check(depth=depth)
    sample = made.draw(10, np.random.default_rng(0))
    targets = sample.x @ sample.truth + sample.noises
    theta = fitted(sample.x, targets, sample.start, 500)
    assert np.allclose(theta @ sample.x.T, targets, atol=1e-8)
    found = made.measure(sample, 10)
    assert found["apart"] < 1e-8 and found["variance"] == pytest.approx(1, abs=1e-8)


def test_beyond_the_span_theta_is_the_first_layers_start_times_the_others() -> None:
    sample = check().draw(1, np.random.default_rng(0))
    targets = sample.x @ sample.truth + sample.noises
    null = np.eye(40) - np.linalg.pinv(sample.x) @ sample.x
    theta = fitted(sample.x, targets, sample.start, 500)
    spanned = sample.start[0] @ null
    assert np.linalg.matrix_rank(np.vstack([spanned, theta @ null]), tol=1e-8) == np.linalg.matrix_rank(spanned)
    sample.start[0] = sample.start[0] @ (np.eye(40) - null)
    assert np.allclose(fitted(sample.x, targets, sample.start, 500) @ null, 0, atol=1e-12)


def test_the_conditional_variance_by_the_minimum_norm_alone() -> None:
    """Of noise: sum over eigenvalues of X X^T of 1 / s, which X^+ noise has on average."""
    sample = check().draw(10, np.random.default_rng(0))
    noises = np.random.default_rng(1).normal(size=(2000, 4))
    theta = fitted(sample.x, sample.x @ sample.truth + noises[:200], sample.start, 300)
    along = np.linalg.pinv(sample.x) @ sample.x
    variance = np.mean(np.sum(((theta - sample.truth) @ along) ** 2, 1))
    assert variance == pytest.approx(sum(1 / np.linalg.eigvalsh(sample.x @ sample.x.T)), rel=0.2)


def test_controls_are_seen() -> None:
    assert np.abs(measured(check(iterations=10), 1)["variance"] - 1).mean() > 0.05, "stopped early"
    large, small = measured(check(), 1), measured(check(), 100)
    assert large["risk"].mean() > 1.3 and large["spread"].mean() > 1.02
    assert small["risk"] == pytest.approx(1, abs=0.02) and small["spread"] == pytest.approx(1, abs=0.02)


def test_the_summary_takes_the_worst_the_last_and_the_first() -> None:
    curves = {name: np.array([[1.0, 0.5, 0.05]]) for name in ("variance", "apart", "beyond", "risk", "spread")}
    found = {name: float(values[0]) for name, values in check().summary([1, 10, 100], curves).items()}
    assert found.pop("exponent") == pytest.approx(-1)
    assert found == pytest.approx(
        {
            "deviation": 0.95,
            "level": 1.0,
            "deviation_risk": -0.95,
            "deviation_risk_large": 0.0,
            "deviation_spread_large": 0.0,
        }
    )
