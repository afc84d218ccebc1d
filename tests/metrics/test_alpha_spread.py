"""The spread of tail exponents over layers."""

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import alpha_spread, alpha_spread_plain_start, alpha_spread_start

DRAWS = torch.Generator().manual_seed(0)
SHAPES = [(300, 100), (300, 300), (120, 300)]
RANDOM = [torch.randn(shape, generator=DRAWS) for shape in SHAPES]


def test_of_random_layers_shapes_alone_spread_whole_spectra():
    assert alpha_spread_start.compute(RANDOM) < 0.05 < 0.3 < alpha_spread_plain_start.compute(RANDOM)
    assert alpha_spread.compute([*RANDOM, torch.diag(torch.linspace(1, 50, 200) ** 3)]) > 0.1


def test_absent_with_one_layer():
    with pytest.raises(Absent, match="fewer than two"):
        alpha_spread.compute(RANDOM[:1])
