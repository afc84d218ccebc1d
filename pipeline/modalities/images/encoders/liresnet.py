"""LiResNet (Hu et al. 2023): linear residual blocks and MinMax, whose Lipschitz constants are known well."""

import math
from collections.abc import Callable

from torch import nn

from pipeline.ops.lipschitz import Convolution, Dense, LinearResidual, LipschitzEncoder, MinMax, Residual

DEPTH, WIDTH, FEATURES = 4, 32, 128
Size = tuple[int, int, int]
"""Channels, height and width."""


class LiResNet(LipschitzEncoder):
    """A 5x5 convolution of stride 2, `DEPTH` residual blocks, a 4x4 convolution of stride 4, a dense layer.

    MinMax follows each. The paper has 18 blocks of 256 channels and 512 features for images of 32x32; the second
    convolution, not padded there, is padded by one here, so that it sees all of an odd side.

    Args:
        shape: of the images.
        residual: makes a residual block for maps of a size, by default a linear one.
    """

    def __init__(self, shape: tuple[int, ...], residual: Callable[[Size], nn.Module] | None = None) -> None:
        super().__init__()
        channels, height, width = shape
        residual = residual or (lambda size: LinearResidual(size, DEPTH))
        size = (WIDTH, -(-height // 2), -(-width // 2))
        small = (2 * WIDTH, (size[1] - 2) // 4 + 1, (size[2] - 2) // 4 + 1)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(Convolution((channels, height, width), WIDTH, 5, stride=2, padding=2), MinMax()),
                *[nn.Sequential(residual(size), MinMax()) for _ in range(DEPTH)],
                nn.Sequential(Convolution(size, 2 * WIDTH, 4, stride=4, padding=1), MinMax(), nn.Flatten()),
                nn.Sequential(Dense(math.prod(small), FEATURES), MinMax()),
            ]
        )
        self.feature_dim = FEATURES


def build(shape: tuple[int, ...]) -> LiResNet:
    return LiResNet(shape)


def conventional(shape: tuple[int, ...]) -> LiResNet:
    """The same with conventional residual blocks."""
    return LiResNet(shape, Residual)
