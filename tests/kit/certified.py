"""What tests of certified classifiers share: small encoders of known bounds, made methods, images of every kind."""

import dataclasses
import functools

import torch
from torch import nn

from pipeline.methods.certified import Sampling
from pipeline.ops.encoder import Encoder
from pipeline.ops.lipschitz import Convolution, Dense, LinearResidual, LipschitzEncoder, MinMax
from tests.kit import classifiers
from tests.kit.methods import CONTEXT, SIDE


class SmallLipschitz(LipschitzEncoder):
    """Of images of 8x8."""

    feature_dim = 6

    def __init__(self, residual=None):
        super().__init__()
        residual = residual or LinearResidual((4, 4, 4), 1)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(Convolution((1, SIDE, SIDE), 4, 3, stride=2, padding=1), MinMax()),
                nn.Sequential(residual, MinMax()),
                nn.Sequential(nn.Flatten(), Dense(64, 6), MinMax()),
            ]
        )


class SmallPlain(Encoder):
    """Without batch normalisation."""

    feature_dim = 7

    def __init__(self):
        super().__init__()
        first = nn.Sequential(nn.Conv2d(1, 3, 4, 2), nn.ReLU())
        self.blocks = nn.ModuleList([first, nn.Sequential(nn.Flatten(), nn.Linear(27, 7), nn.ReLU())])

    def forward(self, inputs):
        """In the precision of the inputs."""
        return self.blocks[1](self.blocks[0](inputs))


def built(cls, encoder, seed=1, **settings):
    """A built method in training mode on an encoder that `encoder()` makes."""
    torch.manual_seed(seed)
    method = cls(**settings)
    method.encoder = encoder()
    method.build(dataclasses.replace(CONTEXT, feature_dim=method.encoder.feature_dim))
    return method.train()


pixels = functools.partial(classifiers.pixels, dtype=torch.float32)


def certified(method, views):
    """Its certificates, without anything drawn."""
    method.eval()
    return method.certify(views, CONTEXT.inputs, Sampling(), torch.Generator().manual_seed(0))
