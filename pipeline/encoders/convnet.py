"""A small convolutional network that learns much per CPU second: narrow, pooled right after each convolution."""

from torch import nn

from pipeline.encoders import Encoder


class ConvNet(Encoder):
    """Four 3x3 convolutions of 8, 32, 64 and 64 channels, the first three pooled: 58 thousand weights.

    Pooling stands before batch normalisation and ReLU, which then work on a quarter of the values.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths, pooled = [channels, 8, 32, 64, 64], [True, True, True, False]
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(inside, outside, 3, padding=1, bias=False),
                nn.MaxPool2d(2) if pool else nn.Identity(),
                nn.BatchNorm2d(outside),
                nn.ReLU(inplace=True),
            )
            for inside, outside, pool in zip(widths, widths[1:], pooled, strict=False)
        )
        self.feature_dim = widths[-1]


def build(channels: int) -> ConvNet:
    return ConvNet(channels)
