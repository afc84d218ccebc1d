"""How much surer a classifier is where it is right."""

import math

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics.confidence_gap import compute

CLEAN = torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.45, 0.45], [0.2, 0.2, 0.6]], dtype=torch.float64)
MOVED = torch.tensor([[0.6, 0.3, 0.1], [0.3, 0.5, 0.2], [0.3, 0.3, 0.4], [0.5, 0.1, 0.4]], dtype=torch.float64)
LABELS = torch.tensor([0, 0, 0, 2])


def test_by_hand():
    found = compute(CLEAN.log(), 7 + MOVED.log(), LABELS)
    assert found[""] == pytest.approx(100 * ((0.5 + 0.2 + 0.4) / 3 - 0.0))
    assert found["attacked"] == pytest.approx(100 * (0.3 - (0.2 + 0.1 + 0.1) / 3))
    assert found["across"] == pytest.approx(100 * (0.3 - 0.0))
    assert all(math.isfinite(value) for value in found.values())


def test_where_all_are_right_there_is_none():
    found = compute(CLEAN.log(), MOVED.log(), CLEAN.argmax(1))
    assert isinstance(found[""], Absent) and isinstance(found["across"], Absent)
    assert not isinstance(found["attacked"], Absent)
