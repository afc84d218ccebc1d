"""The spread of tail exponents over layers."""

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import alpha_spread

DRAWS = torch.Generator().manual_seed(0)
SHAPES = [(300, 100), (300, 300), (120, 300)]
RANDOM = [torch.randn(shape, generator=DRAWS) for shape in SHAPES]


def test_of_random_layers_shapes_alone_spread_whole_spectra():
    trained = [*RANDOM, torch.diag(torch.linspace(1, 50, 200) ** 3)]
    found = alpha_spread.compute(trained, RANDOM)
    assert found["start"] < 0.05 < 0.3 < found["plain_start"] and found[""] > 0.1


def test_absent_with_one_layer():
    with pytest.raises(Absent, match="fewer than two"):
        alpha_spread.compute(RANDOM, RANDOM[:1])
    with pytest.raises(Absent, match="fewer than two"):
        alpha_spread.compute([], RANDOM)
