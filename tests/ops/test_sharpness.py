"""The step of an ascent by loops over all its tensors; that weights, buffers and generators come back to the bit."""

import math

import pytest
import torch
from torch import nn

from pipeline.ops.sharpness import ascent, displaced, remember, remembered, rewound


def test_an_ascent_has_the_radius_over_all_tensors_together():
    gradients = [torch.tensor([3.0, 0.0]), torch.tensor([[4.0], [12.0]])]
    steps = ascent(gradients, 0.5)
    assert math.sqrt(sum(v * v for s in steps for v in s.flatten().tolist())) == pytest.approx(0.5)
    assert steps[0].tolist() == pytest.approx([0.5 * 3 / 13, 0.0]) and steps[1][1].item() == pytest.approx(6 / 13)
    assert not any(step.any() for step in ascent([torch.zeros(2)], 0.5))


def test_displaced_weights_come_back_to_the_last_bit_also_after_an_error():
    weights = [torch.tensor([0.1, 1e8]), torch.tensor([[0.3]])]
    before = [w.clone() for w in weights]
    with pytest.raises(RuntimeError), displaced(weights, [torch.full((2,), 0.7), torch.ones(1, 1)]):
        assert weights[1].item() == pytest.approx(1.3)
        raise RuntimeError
    assert all(torch.equal(a, b) for a, b in zip(weights, before, strict=True))


def test_buffers_and_draws_are_put_back():
    layer, x = nn.BatchNorm1d(3), torch.randn(5, 3)
    before = remembered(layer)
    torch.manual_seed(4)
    with rewound(torch.device("cpu")):
        layer(x)
        first = torch.rand(2)
    assert layer.running_mean.any() and torch.equal(torch.rand(2), first)
    remember(layer, before)
    assert not layer.running_mean.any() and layer.num_batches_tracked == 0
