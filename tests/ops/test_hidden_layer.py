"""Groups of units, one number at a time."""

import math

import pytest
import torch

from pipeline.ops.hidden_layer import HiddenLayer


def test_every_output_is_a_sum_over_units():
    draws = torch.Generator().manual_seed(2)
    shapes = ((2, 3), (2,), (2, 4), (4,))
    groups = [[torch.randn(shape, generator=draws, dtype=torch.float64) for shape in shapes] for _ in range(3)]
    layer = HiddenLayer(4, 2, 3, 4)
    for place, group in enumerate(groups):
        layer.put(place, *group)
    rows = torch.randn(5, 3, generator=draws)
    found = layer(rows, 4)
    assert found.shape == (4, 5, 4) and not found[3].any()
    for place, (inside, threshold, outside, shift) in enumerate(groups):
        for b, row in enumerate(rows.double().tolist()):
            sums = [sum(w * x for w, x in zip(inside[j].tolist(), row, strict=True)) + threshold[j] for j in range(2)]
            units = [1 / (1 + math.exp(-value)) for value in sums]
            for k in range(4):
                want = sum(units[j] * float(outside[j, k]) for j in range(2)) + float(shift[k])
                assert float(found[place, b, k]) == pytest.approx(want, abs=1e-13)
    layer.clear()
    assert not any(buffer.any() for buffer in layer.buffers())
