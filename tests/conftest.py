"""Fixtures of several files: logits and labels of nine examples of five classes."""

import pytest
import torch


@pytest.fixture
def logits():
    return 3 * torch.randn(9, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture
def labels():
    return torch.tensor([0, 1, 2, 3, 4, 0, 1, 2, 3])
