"""The best damping sequence: by an optimiser, in its parts, and without the conditions."""

import numpy as np
import pytest
from scipy.optimize import differential_evolution

from pipeline.methods.theory.damping_sequence import DampingSequence, accumulated, largest


def check(**changes: object) -> DampingSequence:
    return DampingSequence(**{"iterations": 100, "unbounded": False, **changes})


def objective(alphas: list[float], first: float) -> float:
    """lambda_1 / beta times the sum of 1 / Gamma_k, or 0 where no lambda_k can meet the conditions."""
    gamma, total, before = 1.0, first, 1 / first
    for alpha in alphas:
        gamma *= 1 - alpha
        smallest = alpha / (1 / alpha * gamma)  # of alpha_k / (lambda_k Gamma_k), at the largest lambda_k
        if smallest > before * (1 + 1e-9):
            return 0.0
        total += first / gamma  # and lambda_k is best chosen to leave it at what it was before
    return total


def test_an_optimiser_under_the_conditions_finds_the_sequence() -> None:
    found = differential_evolution(
        lambda z: -objective(z[1:], z[0]), [(0.05, 1), *[(0.05, 0.9)] * 3], seed=0, tol=1e-10
    )
    proposed = check(iterations=4)._proposed()
    assert -found.fun == pytest.approx(objective(list(proposed), 1.0), rel=1e-4)
    assert found.x == pytest.approx([1, *proposed], abs=0.02)


def test_sums_by_loops_and_the_example_in_closed_form() -> None:
    example = 2 / (np.arange(2, 31) + 1)
    assert accumulated(example, 0.5) == pytest.approx(sum(k * (k + 1) / 4 for k in range(1, 31)))
    assert accumulated(example, 0.5) == pytest.approx(objective(list(example), 0.5))


def test_the_largest_damping_keeps_the_product_at_one() -> None:
    proposed = check()._proposed()
    g = np.cumprod(1 / (1 - proposed))
    assert proposed**2 * g == pytest.approx(np.ones(99))
    assert largest(4.0) ** 2 * 4 == pytest.approx(1 - largest(4.0))


def test_none_drawn_is_larger_one_percent_would_be_seen_and_without_conditions_all_are() -> None:
    found = [check().measure(np.random.default_rng(seed), 1) for seed in range(200)]
    assert not any(each["violation"] for each in found) and found[0]["log_ratio"] > 0.05
    assert min(each["looseness"] for each in found) < np.log10(1.01), "a sum less by 1% would be violated"
    free = [check(unbounded=True).measure(np.random.default_rng(seed), 1)["violation"] for seed in range(20)]
    assert np.mean(free) == 1
