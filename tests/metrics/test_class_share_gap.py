"""Sizes of classes: by hand, new ones in any order, more or fewer of them."""

import pytest
import torch

from pipeline.metrics.class_share_gap import compute


def test_by_hand():
    true = torch.tensor([0.5, 0.2, 0.1, 0.2])
    assert compute(true, true, 2) == 0.0
    assert compute(torch.tensor([0.5, 0.2, 0.2, 0.1]), true, 2) == pytest.approx(0.0, abs=1e-5)
    assert compute(torch.tensor([0.2, 0.5, 0.1, 0.2]), true, 2) == pytest.approx(30.0)  # old ones have names
    assert compute(torch.full((4,), 0.25), true, 2) == pytest.approx(50 * (0.25 + 0.05 + 0.05 + 0.15))


def test_more_and_fewer_classes():
    true = torch.tensor([0.5, 0.5])
    assert compute(torch.full((4,), 0.25), true, 1) == pytest.approx(50.0)
    assert compute(true, torch.full((4,), 0.25), 1) == pytest.approx(50.0)
