"""The mean of squares."""

import pytest
import torch

from pipeline.methods.regression.l2 import L2


def test_by_hand():
    assert L2().objective(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 5.0])).item() == pytest.approx(2.5)
