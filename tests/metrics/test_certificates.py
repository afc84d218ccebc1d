"""Tightness is a mean share in per cent, and absent where certificates rest on no Lipschitz constant."""

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import tightness


def test_tightness():
    assert tightness.compute(torch.tensor([0.5, 1.0])).tolist() == [50.0, 100.0]
    with pytest.raises(Absent, match="no Lipschitz constant"):
        tightness.compute(None)
