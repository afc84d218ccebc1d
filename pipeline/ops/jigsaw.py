"""Transforms of images whose parameter a network is to guess: quarter turns and permutations of tiles."""

import math

import torch
from torch import Tensor


def turned(images: Tensor, quarters: Tensor) -> Tensor:
    """Square images (B, C, S, S), each turned by its number (B,) of quarter turns, anticlockwise."""
    every = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)])
    return every[quarters % 4, torch.arange(len(images), device=images.device)]


def shuffled(images: Tensor, orders: Tensor) -> Tensor:
    """Images (B, C, H, W) cut into a square of n tiles; place p of image b gets its tile orders[b, p].

    n is the width of orders (B, n). Rows and columns that the tiles do not use up are left out, last ones first.
    """
    side = math.isqrt(orders.shape[1])
    size, channels = len(images), images.shape[1]
    height, width = images.shape[2] // side, images.shape[3] // side
    cut = images[:, :, : side * height, : side * width].reshape(size, channels, side, height, side, width)
    tiles = cut.permute(0, 2, 4, 1, 3, 5).reshape(size, side * side, channels, height, width)
    tiles = tiles[torch.arange(size, device=images.device)[:, None], orders]
    placed = tiles.view(size, side, side, channels, height, width).permute(0, 3, 1, 4, 2, 5)
    return placed.reshape(size, channels, side * height, side * width)


def permutations(length: int, count: int) -> Tensor:
    """(count, length) permutations far from each other, always the same ones: each of them is, of 1,000 drawn ones,
    the one that agrees with those before it in the fewest places, in the worst case."""
    draws = torch.Generator().manual_seed(0)
    drawn = torch.stack([torch.randperm(length, generator=draws) for _ in range(1000)])
    chosen = [drawn[0]]
    agreeing = torch.zeros(len(drawn), dtype=torch.int64)
    for _ in range(count - 1):
        agreeing = torch.maximum(agreeing, (drawn == chosen[-1]).sum(1))
        chosen.append(drawn[int(agreeing.argmin())])
    return torch.stack(chosen)
