"""Layers of a head by their names, biases and scales, and cosines with directions by slow loops."""

import pytest
import torch

from pipeline.ops.heads import CosineLinear, mlp
from tests.kit.embeddings import cosine, layer_names


def test_layers_are_linear_with_an_activation_between_them():
    head = mlp([2, 3, 4])
    assert layer_names(head) == ["Linear", "ReLU", "Linear"] and head[-1].bias is not None
    assert mlp([2, 3, 4], last_bias=False)[-1].bias is None
    assert layer_names(mlp([2, 3])) == ["Linear"]


def test_normalised_layers_have_no_bias_of_their_own():
    head = mlp([2, 3, 4], batch_norm=True, last_batch_norm=True, last_affine=False)
    assert layer_names(head) == ["Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d"]
    assert head[0].bias is None and head[3].bias is None
    assert head[1].affine and not head[4].affine


def test_cosines_with_the_classes_directions():
    torch.manual_seed(0)
    layer, features = CosineLinear(4, 3), torch.randn(5, 4)
    for row, found in zip(features.double().tolist(), layer(features).tolist(), strict=True):
        assert found == pytest.approx([cosine(row, w) for w in layer.weight.double().tolist()], abs=1e-6)
    assert layer(features.bfloat16()).dtype == torch.float32
