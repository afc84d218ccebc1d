"""Lengths layer by layer, which weights are meant, and layers without gradient."""

import pytest
import torch
from torch import nn

from pipeline.ops.weight_perturbation import layerwise, matrices


def test_each_layer_moves_by_its_own_length():
    torch.manual_seed(0)
    weights = [torch.randn(3, 4).double(), 10 * torch.randn(2, 1, 3, 3).double()]
    slopes = [1e-9 * torch.randn_like(weights[0]), 1e5 * torch.randn_like(weights[1])]
    for weight, slope, found in zip(weights, slopes, layerwise(weights, slopes, 0.02), strict=True):
        assert found.norm().item() == pytest.approx(0.02 * weight.norm().item())
        assert ((found / found.norm()) * (slope / slope.norm())).sum().item() == pytest.approx(1)


def test_a_layer_without_gradient_stays():
    (found,) = layerwise([torch.ones(2, 2)], [torch.zeros(2, 2)], 0.1)
    assert not found.any()


def test_biases_and_normalisation_are_left_out():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))
    assert [tuple(weight.shape) for weight in matrices(net)] == [(2, 1, 3, 3), (2, 2)]
