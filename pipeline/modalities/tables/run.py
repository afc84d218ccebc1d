"""Tables at run time: standardised rows, with or without noise, and encoders for them."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from pipeline import lookup
from pipeline.contract import Inputs
from pipeline.errors import unknown
from pipeline.modalities import tables
from pipeline.modalities.sharing import Data, share
from pipeline.ops.encoder import Encoder

__all__ = ["Views", "encoder", "share"]

BOUNDS = None
"""Of raw values: none."""
CHUNK = 5000
"""Rows that are encoded at once outside training."""
KINDS = ("full", "plain")


class Views:
    """Views of raw rows (B, F) float32 by a study's augmentation: standardised by the training split's moments."""

    def __init__(self, augmentation: dict[str, Any], data: Data) -> None:
        self.noise = tables.Augmentation.model_validate(augmentation).noise
        self.facts = Inputs(shape=data.shape, view_shape=data.shape, mean=data.mean, std=data.std, bounds=BOUNDS)
        self.mean = torch.tensor(data.mean, dtype=torch.float64)
        self.std = torch.tensor(data.std, dtype=torch.float64)

    def view(self, inputs: Tensor, kind: str, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Views (B, F) float32 of a kind, and boxes (B, 0): rows are cut from nothing."""
        return self.made(inputs, kind, self.draws(kind, len(inputs), generator))

    def draws(self, kind: str, count: int, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        """What is drawn for `count` views of a kind: tensors with a row for each, so that draws can be joined."""
        if kind not in KINDS:
            raise unknown("kind of view", kind, KINDS)
        if kind != "full" or not self.noise:
            return ()
        assert generator is not None
        return (torch.randn((count, *self.facts.shape), generator=generator),)

    def made(self, inputs: Tensor, kind: str, draws: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """`view` by given draws."""
        # float64: a column may have a mean that is large beside its deviation
        rows = ((inputs.double() - self.mean.to(inputs.device)) / self.std.to(inputs.device)).float()
        for noise in draws:
            rows = rows + self.noise * noise.to(rows.device)
        return rows, rows.new_zeros((len(rows), 0))

    def plain(self, inputs: Tensor) -> Iterator[Tensor]:
        """Chunks of the rows, in order, as "plain" views."""
        for part in inputs.split(CHUNK):
            yield self.view(part, "plain")[0]

    def raw(self, views: Tensor) -> Tensor:
        """Raw rows (B, F) float32 of standardised views."""
        return (views.double() * self.std.to(views.device) + self.mean.to(views.device)).float()


def encoder(name: str, shape: tuple[int, ...]) -> Encoder:
    """A freshly initialised encoder of rows (F,); the global random state decides its weights."""
    made: Encoder = lookup.module(f"modalities.tables.encoders.{name}").build(shape)
    return made
