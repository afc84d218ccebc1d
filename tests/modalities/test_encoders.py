"""Encoders: what their shortcuts must equal, and in what precision they answer."""

import copy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from pipeline import modalities
from pipeline.modalities.images.encoders.convnet import LAYERS, ConvNet
from pipeline.modalities.images.run import encoder as encoder_of
from pipeline.planning import load as planning

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("layers", [LAYERS, ((4, 5, 2, False), (6, 3, 1, True)), ((8, 6, 4, False),)])
@pytest.mark.parametrize("side", [12, 14, 28])
def test_the_small_encoder_is_convolution_pooling_normalisation_and_relu(side, layers):
    torch.manual_seed(0)
    encoder = ConvNet(2, layers).double()
    images = torch.randn(6, 2, side, side, dtype=torch.double)
    expected = images
    for block, (width, kernel, stride, pooled) in zip(encoder.blocks, layers, strict=True):
        weight = next(block.parameters())
        assert weight.shape == (width, expected.shape[1], kernel, kernel)
        expected = F.conv2d(expected, weight, stride=stride, padding=(kernel - 1) // 2)
        if pooled:  # the last row and column may be half a window
            rows, columns = (range(0, length, 2) for length in expected.shape[2:])
            windows = [expected[:, :, y : y + 2, x : x + 2].amax((2, 3)) for y in rows for x in columns]
            expected = torch.stack(windows, 2).unflatten(2, (len(rows), len(columns)))
        mean, variance = expected.mean((0, 2, 3), keepdim=True), expected.var((0, 2, 3), correction=0, keepdim=True)
        expected = ((expected - mean) / (variance + 1e-5).sqrt()).clamp_min(0)
    torch.testing.assert_close(encoder(images), expected.mean((2, 3)).float())
    assert encoder.feature_dim == layers[-1][0]


@pytest.mark.parametrize(("name", "channels"), [("convnet", 1), ("resnet18", 3)])
def test_bf16_stays_inside_the_encoder(name, channels):
    torch.manual_seed(0)
    encoder = encoder_of(name, (channels, 32, 32)).eval()
    images = torch.randn(4, channels, 32, 32)
    expected = encoder(images)
    torch.testing.assert_close(encoder.layers(images)[-1].mean((2, 3)), expected)
    reduced = copy.deepcopy(encoder)
    reduced.bf16 = True
    # momentum encoders are copies
    features = copy.deepcopy(reduced)(images)
    assert expected.shape == (4, encoder.feature_dim)
    assert features.dtype == torch.float32 and all(each.dtype == torch.float32 for each in reduced.layers(images))
    assert not torch.equal(features, expected)
    torch.testing.assert_close(features, expected, rtol=0.1, atol=0.05 * expected.abs().max().item())
    features.sum().backward()


def shapes_in_use():
    """(encoder, (C, h, w)) of all views that studies train on, at every tier."""
    found = set()
    for tier in ("smoke", "laptop", "gpu"):
        for run in planning.load(ROOT, {"tier": tier}).runs:
            if run.modality != "images" or "encoder" not in run.settings:
                continue
            shape = modalities.describe(run.dataset, ROOT).shape
            policy = run.settings.get("augmentation") or {}
            sides = {(side, side) for side in (policy.get("full_size"), policy.get("small_size")) if side}
            found |= {(run.settings["encoder"], (shape[0], *view)) for view in {shape[1:], *sides}}
    return sorted(found)


@pytest.mark.parametrize(("name", "shape"), shapes_in_use())
def test_every_weight_learns_at_every_size_in_use(name, shape):
    """A kernel's taps that see padding alone have no gradient, whatever the images."""
    torch.manual_seed(0)
    encoder = encoder_of(name, shape)
    for weight in encoder.parameters():
        if weight.numel() == 1 and not weight.any():  # shut at first: what lies behind it learns a step later
            torch.nn.init.ones_(weight)
    if not list(encoder.parameters()):
        return
    images = torch.randn(16, *shape)
    (encoder(images) * torch.randn(16, encoder.feature_dim)).sum().backward()
    for where, weight in encoder.named_parameters():
        dead = (weight.grad.flatten(2).abs().amax((0, 1)) == 0).sum() if weight.ndim == 4 else torch.tensor(0)
        assert dead == 0, f"{where}: {dead} of {weight[0, 0].numel()} taps see nothing at {shape}"
