"""What every encoder is: blocks whose outputs are maps of growing depth, the last one averaged over places."""

import contextlib
from typing import Any

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    """Inputs (B, ...) -> features (B, feature_dim). Maps are (B, c, h, w), or (B, c) where inputs have no places.

    Maps and features are float32. With `bf16` the blocks compute in bfloat16, weights staying float32; heads and
    losses are never inside, since temperatures magnify rounding.
    """

    feature_dim: int
    blocks: nn.ModuleList
    bf16: bool = False

    def layers(self, inputs: Tensor) -> list[Tensor]:
        """The maps after each block, shallow to deep."""
        return [each.float() for each in self._maps(inputs)]

    def forward(self, inputs: Tensor) -> Tensor:
        last = self._maps(inputs)[-1].float()
        return last.mean((2, 3)) if last.ndim == 4 else last

    def _maps(self, inputs: Tensor) -> list[Tensor]:
        maps = []
        with self._precision(inputs.device.type):
            for block in self.blocks:
                inputs = block(inputs)
                maps.append(inputs)
        return maps

    def _precision(self, device: str) -> contextlib.AbstractContextManager[Any]:
        return torch.autocast(device, dtype=torch.bfloat16) if self.bf16 else contextlib.nullcontext()
