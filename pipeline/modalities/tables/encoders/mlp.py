"""A dense network for tables: two layers of 64 units with ReLU."""

import itertools

from torch import nn

from pipeline.ops.encoder import Encoder

WIDTH = 64


def build(shape: tuple[int, ...]) -> Encoder:
    made = Encoder()
    widths = [shape[0], WIDTH, WIDTH]
    layers = [nn.Sequential(nn.Linear(i, o), nn.ReLU(inplace=True)) for i, o in itertools.pairwise(widths)]
    made.blocks = nn.ModuleList(layers)
    made.feature_dim = WIDTH
    return made
