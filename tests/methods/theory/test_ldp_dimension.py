"""Regression under local privacy over features: exponents as derived, and with all entries kept."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.ldp_dimension import LdpDimension
from pipeline.ops.local_privacy import SPREAD


def exponents(**changes: object) -> dict[str, float]:
    made = LdpDimension(**{"smallest": 16, "largest": 64, "steps": 3, "chains": 60, "dense": False, **changes})
    rows = [[made.measure(np.random.default_rng(seed), size) for size in made.sizes()] for seed in range(6)]
    curves = {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}
    return {name: float(values.mean()) for name, values in made.summary(made.sizes(), curves).items()}


def test_exponents_are_those_derived_and_no_others() -> None:
    found = exponents()
    assert found["exponent_public"] == pytest.approx(0.5, abs=0.08)

    def variance(d: int) -> float:
        """Up to a factor: 4 |y|^2 d for x y, and 2 d (d - 1) for x x', of which one half."""
        return 4 * (math.sqrt(2) + SPREAD) ** 2 * d + d * (d - 1)

    derived = math.log(variance(64) / variance(16)) / 2 / math.log(4)
    assert found["exponent"] == pytest.approx(derived, abs=0.08)
    assert derived > 0.75, "as told from a root"


def test_with_all_entries_both_grow_by_a_root_more() -> None:
    found = exponents(dense=True)
    assert found["exponent_public"] == pytest.approx(1.0, abs=0.05)
    assert found["exponent"] > 1.2
