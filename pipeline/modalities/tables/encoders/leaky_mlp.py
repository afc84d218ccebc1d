"""A dense network for tables that is nowhere flat: two layers of 128 units with leaky ReLU."""

import itertools

from torch import nn

from pipeline.ops.encoder import Encoder

WIDTH = 128
SLOPE = 0.3
"""Below zero; Keras's own, which surrogates of offline optimisation have had."""


def build(shape: tuple[int, ...]) -> Encoder:
    made = Encoder()
    widths = [shape[0], WIDTH, WIDTH]
    layers = [nn.Sequential(nn.Linear(i, o), nn.LeakyReLU(SLOPE)) for i, o in itertools.pairwise(widths)]
    made.blocks = nn.ModuleList(layers)
    made.feature_dim = WIDTH
    return made
