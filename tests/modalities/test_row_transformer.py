"""A layer by loops, and what rows mean to it."""

import math

import torch
from torch import nn

from pipeline.modalities.images.encoders.row_transformer import HEADS, WIDTH, Layer, RowTransformer


def slow_attention(layer, tokens):
    """(T, width) of one image, by loops over heads and tokens."""
    query, key, value = (tokens @ layer.project.weight.T + layer.project.bias).split(WIDTH, 1)
    size, found = WIDTH // HEADS, torch.zeros_like(tokens)
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        for i in range(len(tokens)):
            weights = [math.exp(float(query[i, part] @ key[j, part]) / math.sqrt(size)) for j in range(len(tokens))]
            for j, weight in enumerate(weights):
                found[i, part] += weight / sum(weights) * value[j, part]
    return found @ layer.out.weight.T + layer.out.bias


def test_attention_by_loops():
    torch.manual_seed(0)
    layer, tokens = Layer().double(), torch.randn(2, 5, WIDTH, dtype=torch.float64)
    with torch.no_grad():
        found = layer.attend(tokens)
        for image, each in zip(tokens, found, strict=True):
            torch.testing.assert_close(each, slow_attention(layer, image))


def test_without_places_the_order_of_rows_does_not_matter():
    torch.manual_seed(0)
    encoder, images = RowTransformer((1, 6, 4)), torch.randn(3, 1, 6, 4)
    order = [3, 1, 5, 0, 2, 4]
    assert not torch.allclose(encoder(images), encoder(images[:, :, order]), atol=1e-4)
    nn.init.zeros_(encoder.blocks[0].place)
    torch.testing.assert_close(encoder(images), encoder(images[:, :, order]), rtol=1e-4, atol=1e-5)


def test_it_has_second_derivatives():
    torch.manual_seed(0)
    encoder = RowTransformer((1, 6, 4))
    weights = list(encoder.parameters())
    slopes = torch.autograd.grad(encoder(torch.randn(3, 1, 6, 4)).square().sum(), weights, create_graph=True)
    curved = torch.autograd.grad(sum(slope.square().sum() for slope in slopes), weights)
    assert all(each.isfinite().all() and each.any() for each in curved)
    assert encoder(torch.randn(3, 1, 6, 4)).shape == (3, encoder.feature_dim)
