"""PAC-Bayes bounds: by hand, at their limits, and against each other."""

import math

import numpy as np
import pytest

from pipeline.ops import pac_bayes


def test_by_hand() -> None:
    assert pac_bayes.hoeffding(0.1, 200, 0.05) == pytest.approx(0.1 + math.sqrt(math.log(20) / 400))
    root = math.sqrt((3.0 + math.log(200 / 0.05) + 2) / 399)
    assert pac_bayes.mcallester(0.1, 3.0, 200, 0.05) == pytest.approx(0.1 + root)


def test_the_inverse_is_where_the_divergence_is_reached() -> None:
    error, most = np.array([0.0, 0.1, 0.5, 0.9]), 0.07
    found = pac_bayes.inverse_kl(error, most)
    for e, r in zip(error, found, strict=True):
        parts = [p * math.log(p / q) for p, q in ((e, r), (1 - e, 1 - r)) if p > 0]
        assert sum(parts) == pytest.approx(most, abs=1e-12)
    assert found[0] == pytest.approx(1 - math.exp(-0.07)), "closed form without errors"


def test_seeger_is_below_its_relaxation_by_pinsker() -> None:
    for error in (0.0, 0.05, 0.4):
        excess = (5.0 + math.log(2 * math.sqrt(1000) / 0.05)) / 1000
        assert error < pac_bayes.seeger(error, 5.0, 1000, 0.05) <= error + math.sqrt(excess / 2)


def test_of_a_single_hypothesis_mcallester_follows_from_hoeffding_and_a_union_bound() -> None:
    """A share P(h) of delta for each h: r + sqrt((log 1 / P + log 1 / delta) / (2 n)), which is less."""
    for count in (2, 10, 1000):
        for divergence in (0.0, 1.0, 100.0):
            union = pac_bayes.hoeffding(0.2, count, 0.05 * math.exp(-divergence))
            assert union <= pac_bayes.mcallester(0.2, divergence, count, 0.05)
