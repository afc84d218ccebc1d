"""Kernels and matrices of an encoder and its head counted by shape; lengths of rows one by one."""

import math

import pytest
import torch

from pipeline.modalities.images.encoders.convnet import ConvNet
from pipeline.ops.weights import row_lengths, weighted_layers
from tests.kit.methods import CONTEXT, FEATURES, classifier


def test_weighted_layers_are_kernels_and_matrices_of_encoder_and_head():
    method = classifier()
    method.encoder = ConvNet(1)
    shapes = [tuple(layer.weight.shape) for layer in weighted_layers(method)]
    kernels = [(16, 1, 3, 3), (32, 16, 3, 3), (128, 32, 3, 3)]
    assert sorted(shapes) == sorted([*kernels, (CONTEXT.num_classes, FEATURES)])


@pytest.mark.parametrize("shape", [(4, 6), (3, 2, 3, 3)])
def test_a_row_is_what_makes_one_output(shape):
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    want = [math.sqrt(sum(v * v for v in row.flatten().tolist())) for row in weight]
    assert row_lengths(weight).tolist() == pytest.approx(want)
