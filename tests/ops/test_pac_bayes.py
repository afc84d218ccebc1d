"""PAC-Bayes bounds: by hand, and against each other."""

import math

import pytest

from pipeline.ops import pac_bayes


def test_by_hand() -> None:
    assert pac_bayes.hoeffding(0.1, 200, 0.05) == pytest.approx(0.1 + math.sqrt(math.log(20) / 400))
    root = math.sqrt((3.0 + math.log(200 / 0.05) + 2) / 399)
    assert pac_bayes.mcallester(0.1, 3.0, 200, 0.05) == pytest.approx(0.1 + root)


def test_of_a_single_hypothesis_mcallester_follows_from_hoeffding_and_a_union_bound() -> None:
    """A share P(h) of delta for each h: r + sqrt((log 1 / P + log 1 / delta) / (2 n)), which is less."""
    for count in (2, 10, 1000):
        for divergence in (0.0, 1.0, 100.0):
            union = pac_bayes.hoeffding(0.2, count, 0.05 * math.exp(-divergence))
            assert union <= pac_bayes.mcallester(0.2, divergence, count, 0.05)
