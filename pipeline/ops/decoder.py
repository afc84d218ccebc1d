"""Decoders from vectors to images."""

import itertools
import math

from torch import nn


def image_decoder(dim: int, shape: tuple[int, ...], channels: int = 16) -> nn.Sequential:
    """Maps (B, dim) to normalised images (B, C, H, W) for shape (C, H, W), sides of 8 or more.

    A linear layer makes a coarse map, a quarter of the image's side; upsampling and 3x3 convolutions do the rest.
    The last layer is linear, so any value can be reached. Batch normalisation needs two images or more.
    """
    out, height, width = shape
    sizes = [(math.ceil(height / scale), math.ceil(width / scale)) for scale in (4, 2, 1)]
    widths = [channels, channels, channels // 2]
    coarse = sizes[0][0] * sizes[0][1]
    layers: list[nn.Module] = [
        nn.Linear(dim, channels * coarse),
        nn.Unflatten(1, (channels, *sizes[0])),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    ]
    for (inside, outside), size in zip(itertools.pairwise(widths), sizes[1:], strict=True):
        # convolved before it is made larger, which costs a quarter
        layers += [
            nn.Conv2d(inside, outside, 3, padding=1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(inplace=True),
            nn.Upsample(size=size),
        ]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], out, 3, padding=1))
