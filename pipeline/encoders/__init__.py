"""Encoders, one file each, found by name. `build(channels)` returns an Encoder."""

import contextlib
import importlib
from typing import Any, cast

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    """Images (B, C, H, W) -> features (B, feature_dim): feature maps of growing depth, the last averaged over space.

    Maps and features are float32. With `bf16` the stages compute in bfloat16, weights staying float32; heads and
    losses are never inside, since temperatures magnify rounding.
    """

    feature_dim: int
    stages: nn.ModuleList
    bf16: bool = False

    def layers(self, images: Tensor) -> list[Tensor]:
        """The feature maps (B, c, h, w) after each stage, shallow to deep."""
        return [each.float() for each in self._maps(images)]

    def forward(self, images: Tensor) -> Tensor:
        return self._maps(images)[-1].float().mean((2, 3))

    def _maps(self, images: Tensor) -> list[Tensor]:
        maps = []
        with self._precision(images.device.type):
            for stage in self.stages:
                images = stage(images)
                maps.append(images)
        return maps

    def _precision(self, device: str) -> contextlib.AbstractContextManager[Any]:
        return torch.autocast(device, dtype=torch.bfloat16) if self.bf16 else contextlib.nullcontext()


def build(name: str, channels: int) -> Encoder:
    """A freshly initialised encoder; the global random state decides its weights."""
    return cast(Encoder, importlib.import_module(f"pipeline.encoders.{name}").build(channels))
