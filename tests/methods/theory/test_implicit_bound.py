"""The bound of implicit follow-the-regularised-leader: held, attained, and with steps outside the domain."""

import numpy as np
import pytest

from pipeline.methods.theory.implicit_bound import ImplicitBound
from pipeline.ops.online import absolute_leader


def check(**changes: object) -> ImplicitBound:
    return ImplicitBound(**{"rounds": 40, "unclipped": False, **changes})


def measured(made: ImplicitBound, repetitions: int = 40) -> dict[str, np.ndarray]:
    found = [made.measure(made.draw(1, np.random.default_rng(seed)), 1) for seed in range(repetitions)]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def test_the_bound_holds_and_a_smaller_one_does_not() -> None:
    found = measured(check())
    assert not found["violation"].any() and not found["violation_linear"].any() and not found["violation_step"].any()
    x, y = np.ones((20, 1)), np.ones(20)
    run = absolute_leader(x, y, 1.0, True)
    regret = run["losses"].sum()
    parts = [run["terms"].sum(), np.sqrt(21) / 2]
    assert parts[0] < regret <= sum(parts) + 1e-9, "without the regulariser's term it would be violated"


def test_it_is_an_equality_for_a_comparator_that_attains_both_conjugates() -> None:
    """One round, u = -z / lambda_2, and a loss that is linear between w and u."""
    x, y = np.array([[1.0]]), np.array([10.0])
    run = absolute_leader(x, y, 1.0, False)
    u = 1 / np.sqrt(2)
    assert run["losses"].sum() - abs(u - 10) == pytest.approx(run["terms"].sum() + np.sqrt(2) / 2 * u**2)


def test_steps_outside_the_domain_violate_it() -> None:
    assert measured(check(unclipped=True))["violation"].mean() > 0.2
