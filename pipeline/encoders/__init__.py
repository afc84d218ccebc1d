"""Encoders, one file each, found by name. `build(channels)` returns an Encoder."""

import importlib
from typing import cast

from torch import Tensor, nn


class Encoder(nn.Module):
    """Images (B, C, H, W) -> features (B, feature_dim): feature maps of growing depth, the last averaged over space."""

    feature_dim: int
    stages: nn.ModuleList

    def layers(self, images: Tensor) -> list[Tensor]:
        """The feature maps (B, c, h, w) after each stage, shallow to deep."""
        maps = []
        for stage in self.stages:
            images = stage(images)
            maps.append(images)
        return maps

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)[-1].mean((2, 3))


def build(name: str, channels: int) -> Encoder:
    """A freshly initialised encoder; the global random state decides its weights."""
    return cast(Encoder, importlib.import_module(f"pipeline.encoders.{name}").build(channels))
