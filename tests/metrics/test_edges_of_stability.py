"""Sharpness over the edges of stability, from what was tracked while training."""

import math

import pytest

from pipeline.errors import Absent
from pipeline.metrics import edge_ratio

RATE, RHO = 0.1, 0.05


def history(sharpness, **row):
    """An epoch for each value, and one between them in which nothing was tracked."""
    plain = {"learning_rate": RATE, **row}
    return [each for value in sharpness for each in (plain, {**plain, "lambda_max": value})]


def test_of_gradient_descent_at_its_edge_one_and_the_highest():
    found = edge_ratio.compute(history([5.0, 30.0, *[20.0] * 5]))
    assert found == pytest.approx({"": 1.0, "highest": 1.5, "sam": 1.0})


def test_of_sam_at_its_edge():
    edge = (math.sqrt(1 + 8 * RHO / RATE) - 1) / (2 * RHO)
    rows = history([edge] * 6, ascent=RHO)
    below = edge * RATE / 2
    assert edge_ratio.compute(rows) == pytest.approx({"": below, "highest": below, "sam": 1.0})


def test_absent_without_one_rate_or_without_tracking():
    with pytest.raises(Absent, match="not tracked"):
        edge_ratio.compute([{"learning_rate": 0.1}])
    with pytest.raises(Absent, match="not constant"):
        edge_ratio.compute([*history([1.0]), {"learning_rate": 0.2}])
