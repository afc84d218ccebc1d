import math

import numpy as np
import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import mean_loss, risk_course, risk_gap, worst_class_loss, worst_tenth
from pipeline.ops.resampling import once


@pytest.mark.parametrize("n", [1, 7, 10, 25, 100])
def test_the_worst_tenth_counts_one_in_part(n):
    losses = np.random.default_rng(n).exponential(size=n)
    left, total = n / 10, 0.0
    for loss in sorted(losses, reverse=True):
        share = min(1.0, left)
        total += share * loss
        left -= share
    assert worst_tenth.compute(once, losses)[0] == pytest.approx(total / (n / 10))


def test_an_example_that_counts_twice_is_there_twice():
    losses, counts = np.array([3.0, 5.0, 1.0, 4.0]), np.array([[1, 2], [2, 0], [1, 1], [0, 3]])
    found = worst_tenth.compute(lambda side, size: counts, losses)
    for column, value in zip(counts.T, found, strict=True):
        assert value == pytest.approx(worst_tenth.compute(once, np.repeat(losses, column))[0])


def test_the_gap_is_in_powers_of_ten_of_the_start():
    course = np.array([5.0, 1.4, 1.04, 1.004])
    assert risk_gap.compute(course, 1.0) == pytest.approx(-3)
    found = risk_course.compute(np.append(1 + 0.1 ** np.arange(20.0), 1.0), 1.0)
    assert found["10"] == pytest.approx(-2) and found["50"] == pytest.approx(-10)
    assert found["100"] == found[""] == -12
    assert risk_gap.compute(np.array([2.0, math.inf]), 1.0) == 3.0


def test_losses_by_class():
    losses, groups = torch.tensor([1.0, 3.0, 5.0, 1.0]), torch.tensor([0, 0, 2, 2])
    assert worst_class_loss.compute(losses, groups) == 3.0
    assert mean_loss.compute(losses).mean() == 2.5
    with pytest.raises(Absent, match="numbers"):
        worst_class_loss.compute(losses, None)
