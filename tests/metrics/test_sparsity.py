"""Sparsity is a mean over breakable images alone."""

import numpy as np
import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import breakable, sparsity
from pipeline.ops.resampling import once


def test_values_by_hand_and_none_without_breakable_images() -> None:
    sparse, which = np.array([3.0, 0.0, 5.0, 0.0]), np.array([True, False, True, False])
    assert sparsity.compute(once, sparse, which).tolist() == [4.0]
    assert breakable.compute(torch.from_numpy(which)).tolist() == [100.0, 0.0, 100.0, 0.0]
    with pytest.raises(Absent, match="right and breakable"):
        sparsity.compute(once, sparse, ~which & which)
