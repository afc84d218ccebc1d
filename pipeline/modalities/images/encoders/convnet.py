"""A small convolutional network that learns much per CPU second."""

from collections.abc import Sequence

from torch import nn

from pipeline.ops.encoder import Encoder

Layer = tuple[int, int, int, bool]
"""Channels, kernel, stride, and whether it is pooled."""

LAYERS: tuple[Layer, ...] = ((16, 3, 1, True), (32, 3, 1, True), (128, 3, 1, True))


class ConvNet(Encoder):
    """Three 3x3 convolutions of 16, 32 and 128 channels, each pooled: 42 thousand weights.

    Of what was compared, this learns most in equal CPU time (docs/benchmarks.md). Pooling stands before batch
    normalisation and ReLU, which then work on a quarter of the values, and rounds sides up, so that no convolution
    works on less than 3x3 places, where every tap still sees some.

    Args:
        channels: of the images.
        layers: of the convolutions, shallow to deep.
    """

    def __init__(self, channels: int, layers: Sequence[Layer] = LAYERS) -> None:
        super().__init__()
        blocks = []
        for width, kernel, stride, pooled in layers:
            convolution = nn.Conv2d(channels, width, kernel, stride, padding=(kernel - 1) // 2, bias=False)
            pooling = [nn.MaxPool2d(2, ceil_mode=True)] if pooled else []
            blocks.append(nn.Sequential(convolution, *pooling, nn.BatchNorm2d(width), nn.ReLU(inplace=True)))
            channels = width
        self.blocks = nn.ModuleList(blocks)
        self.feature_dim = channels


def build(shape: tuple[int, ...]) -> ConvNet:
    return ConvNet(shape[0])
