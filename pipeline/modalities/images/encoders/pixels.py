"""No encoder: an image is represented by its own pixels."""

import math

from torch import nn

from pipeline.ops.encoder import Encoder


def build(shape: tuple[int, ...]) -> Encoder:
    made = Encoder()
    made.blocks = nn.ModuleList([nn.Flatten()])
    made.feature_dim = math.prod(shape)
    return made
