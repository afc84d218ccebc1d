"""A small convolutional network without batch normalisation or pooling, for bounds that are followed layer by layer."""

import math

import torch
from torch import nn

from pipeline.ops.encoder import Encoder

LAYERS = ((16, 4, 2), (32, 4, 1))
"""Channels, kernel and stride of the convolutions, none of which is padded."""
UNITS = 100


class PlainConvNet(Encoder):
    """The "small" network of Gowal et al. (2018): two 4x4 convolutions of 16 and 32 channels, then 100 units."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        channels, blocks = shape[0], []
        for width, kernel, stride in LAYERS:
            blocks.append(nn.Sequential(nn.Conv2d(channels, width, kernel, stride), nn.ReLU()))
            channels = width
        with torch.no_grad():
            places = math.prod(nn.Sequential(*blocks)(torch.zeros(1, *shape)).shape[1:])
        blocks.append(nn.Sequential(nn.Flatten(), nn.Linear(places, UNITS), nn.ReLU()))
        self.blocks = nn.ModuleList(blocks)
        self.feature_dim = UNITS


def build(shape: tuple[int, ...]) -> PlainConvNet:
    return PlainConvNet(shape)
