"""Encoders: what their shortcuts must equal, and in what precision they answer."""

import copy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from pipeline import modalities
from pipeline.modalities.images.encoders.convnet import Convolution
from pipeline.modalities.images.run import encoder as encoder_of
from pipeline.planning import load as planning

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("side", [1, 2, 3, 8])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_convolution_of_small_maps_is_the_convolution(side, layout):
    torch.manual_seed(0)
    ours = Convolution(5, 7, 3, padding=1, bias=False).double().to(memory_format=layout)
    x = torch.randn(6, 5, side, side, dtype=torch.double).to(memory_format=layout).requires_grad_()
    found, expected = ours(x), F.conv2d(x, ours.weight, padding=1)
    torch.testing.assert_close(found, expected)
    slope = torch.randn_like(expected)
    for mine, theirs in zip(*(torch.autograd.grad(y, (x, ours.weight), slope) for y in (found, expected)), strict=True):
        torch.testing.assert_close(mine, theirs)


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
    images = torch.randn(16, *shape)
    (encoder(images) * torch.randn(16, encoder.feature_dim)).sum().backward()
    for where, weight in encoder.named_parameters():
        dead = (weight.grad.flatten(2).abs().amax((0, 1)) == 0).sum() if weight.ndim == 4 else torch.tensor(0)
        assert dead == 0, f"{where}: {dead} of {weight[0, 0].numel()} taps see nothing at {shape}"
