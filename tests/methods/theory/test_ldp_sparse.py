"""Regression under local privacy over users and budget: the rate, the budget's share, and none."""

import numpy as np
import pytest

from pipeline.methods.theory.ldp_sparse import LdpSparse


def summed(**changes: object) -> dict[str, np.ndarray]:
    given = {"smallest": 10**7, "largest": 10**9, "steps": 3, "chains": 50, "epsilon": 1.0}
    made = LdpSparse(**{**given, **changes})
    rows = [[made.measure(np.random.default_rng(seed), size) for size in made.sizes()] for seed in range(6)]
    return made.summary(
        made.sizes(), {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}
    )


def test_the_rate_is_told_from_others() -> None:
    found = summed()
    assert found["exponent"].mean() == pytest.approx(-0.5, abs=0.05)
    assert found["exponent_public"].mean() == pytest.approx(-0.5, abs=0.05)


def test_half_a_budget_doubles_the_error_unless_nothing_is_hidden() -> None:
    assert summed()["log_ratio"] == pytest.approx(np.ones(6), abs=0.05)
    assert np.abs(summed(epsilon=1e6)["log_ratio"].mean()) < 0.1


def test_public_features_help() -> None:
    assert summed()["log_ratio_public"].min() > 0.5
