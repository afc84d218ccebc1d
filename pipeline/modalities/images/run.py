"""Images at run time: views of them, and encoders for them."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from pipeline import lookup
from pipeline.contract import Inputs
from pipeline.modalities import images
from pipeline.modalities.images.augment import Augment, view_size
from pipeline.modalities.sharing import Data, share
from pipeline.ops.encoder import Encoder

__all__ = ["Views", "encoder", "share"]

BOUNDS = (0.0, 1.0)
"""The least and greatest raw value; a pixel's whole range counts as one."""
CHUNK = 500
"""Images that are encoded at once outside training."""


class Views:
    """Views of raw images (B, C, H, W) uint8 by a study's augmentation."""

    def __init__(self, augmentation: dict[str, Any], data: Data) -> None:
        policy = images.Augmentation.model_validate(augmentation)
        self.augment = Augment(policy, data.shape, data.mean, data.std)
        self.facts = Inputs(
            shape=data.shape,
            view_shape=(data.shape[0], *view_size(policy, data.shape)),
            mean=data.mean,
            std=data.std,
            bounds=BOUNDS,
        )

    def view(self, inputs: Tensor, kind: str, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Views (B, C, h, w) of a kind, float32 and normalised, and the boxes (B, 5) they were cut from."""
        return self.augment.view(inputs, kind, generator)

    def draws(self, kind: str, count: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        """What is drawn for `count` views of a kind: tensors with a row for each, so that draws can be joined."""
        return self.augment.draws(kind, count, generator)

    def made(self, inputs: Tensor, kind: str, draws: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """`view` by given draws."""
        return self.augment.made(inputs, kind, draws)

    def plain(self, inputs: Tensor) -> Iterator[Tensor]:
        """Chunks of the images, in order, as "plain" views."""
        for part in inputs.split(CHUNK):
            yield self.augment(part, "plain")

    def raw(self, views: Tensor) -> Tensor:
        """Images (B, C, H, W) uint8 of normalised views; values out of range are clipped."""
        pixels = views.float() * self.augment.std.to(views.device) + self.augment.mean.to(views.device)
        return pixels.mul(255).round().clamp(0, 255).to(torch.uint8)


def encoder(name: str, shape: tuple[int, ...]) -> Encoder:
    """A freshly initialised encoder of images (C, H, W); the global random state decides its weights."""
    made: Encoder = lookup.module(f"modalities.images.encoders.{name}").build(shape)
    return made
