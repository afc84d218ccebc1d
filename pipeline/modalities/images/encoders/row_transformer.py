"""A small transformer that reads an image row by row, without normalisation over the batch and without dropout."""

import torch
from torch import Tensor, nn

from pipeline.ops.encoder import Encoder

WIDTH = 32
HEADS = 2
LAYERS = 2


class Rows(nn.Module):
    """An image (B, C, H, W) -> tokens (B, c, H, 1): a row mapped to `WIDTH`, and a learned place."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        channels, rows, columns = shape
        self.embed = nn.Linear(channels * columns, WIDTH)
        self.place = nn.Parameter(0.02 * torch.randn(rows, WIDTH))

    def forward(self, images: Tensor) -> Tensor:
        return (self.embed(images.transpose(1, 2).flatten(2)) + self.place).transpose(1, 2)[..., None]


class Layer(nn.Module):
    """x + attention(norm(x)), then x + network(norm(x)), as in transformers that normalise first."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_attention, self.norm_network = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.project, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.network = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def attend(self, tokens: Tensor) -> Tensor:
        """Written out, since torch's fused attention has no second derivative."""
        parts = self.project(tokens).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind()
        weights = (query @ key.transpose(2, 3) / query.shape[-1] ** 0.5).softmax(-1)
        found: Tensor = self.out((weights @ value).transpose(1, 2).flatten(2))
        return found

    def forward(self, maps: Tensor) -> Tensor:
        tokens = maps.flatten(2).transpose(1, 2)
        tokens = tokens + self.attend(self.norm_attention(tokens))
        tokens = tokens + self.network(self.norm_network(tokens))
        return tokens.transpose(1, 2)[..., None]


class RowTransformer(Encoder):
    """Two layers of width 32: 26 thousand weights. Its features are the mean over the rows."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Rows(shape), *(Layer() for _ in range(LAYERS))])
        self.feature_dim = WIDTH


def build(shape: tuple[int, ...]) -> RowTransformer:
    return RowTransformer(shape)
