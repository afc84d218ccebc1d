"""Approximate Hessians: their errors by loops and differences, and what a method without one does."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.regularised_newton import RegularisedNewton


def check(**changes: object) -> RegularisedNewton:
    return RegularisedNewton(**{"points": 80, "dimensions": 8, "logistic": False, "smoothing": 0.5, **changes})


def measured(made: RegularisedNewton, repetitions: int = 5) -> dict[str, np.ndarray]:
    found = [made.measure(made.draw(1, np.random.default_rng(seed)), 1) for seed in range(repetitions)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def test_the_softmax_problem_by_loops_and_differences() -> None:
    made = check(points=7, dimensions=3)
    rows, offsets = made.draw(1, np.random.default_rng(0))
    x, step = np.array([0.4, -1.0, 0.7]), 1e-6

    def loss(w: np.ndarray) -> float:
        return 0.5 * math.log(sum(math.exp((a @ w - b) / 0.5) for a, b in zip(rows, offsets, strict=True)))

    exact = made._softmax(rows, offsets, "exact")
    value, gradient, hessian = exact(x)
    assert value == pytest.approx(loss(x), rel=1e-12)
    assert gradient == pytest.approx(
        [(loss(x + step * e) - loss(x - step * e)) / (2 * step) for e in np.eye(3)], abs=1e-8
    )
    differences = [(exact(x + step * e)[1] - exact(x - step * e)[1]) / (2 * step) for e in np.eye(3)]
    assert hessian == pytest.approx(np.array(differences), abs=1e-7)
    # the error of the weighted matrix is |g|^2 / mu exactly, and half of it would be seen
    matrix = made._softmax(rows, offsets, "weighted")(x)[2]
    assert np.linalg.norm(matrix - hessian, 2) == pytest.approx(gradient @ gradient / 0.5, rel=1e-9)


def test_fishers_weights_differ_from_the_hessians_by_no_more_than_the_loss() -> None:
    margins = np.linspace(-30, 30, 2001)
    wrong, losses = 1 / (1 + np.exp(margins)), np.logaddexp(0, -margins)
    quotients = np.abs(wrong * (1 - wrong) - wrong**2) / losses
    assert 0.99 < quotients.max() <= 1, "at large margins both are exp(-margin): no smaller constant will do"


@pytest.mark.parametrize("logistic", [False, True])
def test_linear_with_a_matrix_and_many_times_as_slow_without(logistic: bool) -> None:
    found = measured(check(logistic=logistic))
    assert found["log_ratio"].max() < 0.6 and not found["violation"].any()
    assert found["log_ratio_plain"].min() > 1.2


def test_on_features_alike_in_scale_little_is_gained() -> None:
    """The control's other side: what a matrix helps against is bad scales."""
    made = check(logistic=True)
    rows, noise = made.draw(1, np.random.default_rng(0))
    assert made.measure((rows * np.arange(1, 9), noise), 1)["log_ratio_plain"] < 0.7


def test_a_bound_without_the_least_loss_is_seen_to_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss less its least, which near the minimiser is nothing, where Fisher's matrix stays off the Hessian."""
    made = check(logistic=True)
    errors = made._errors
    monkeypatch.setattr(made, "_errors", lambda *given: (errors(*given)[0], errors(*given)[1] - errors(*given)[1][-1]))
    assert measured(made, 2)["violation"].all()
