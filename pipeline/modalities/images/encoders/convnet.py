"""A small convolutional network that learns much per CPU second: narrow, pooled right after each convolution."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.ops.encoder import Encoder


class ConvNet(Encoder):
    """Four 3x3 convolutions of 8, 32, 64 and 64 channels, the first three pooled: 58 thousand weights.

    Pooling stands before batch normalisation and ReLU, which then work on a quarter of the values. The last pooling
    rounds sides up: of images of 14 pixels it leaves 2x2 places, not a single one, around which eight of the nine taps
    of the last convolution would see only padding and never learn.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = [channels, 8, 32, 64, 64]
        pooling = [nn.MaxPool2d(2), nn.MaxPool2d(2), nn.MaxPool2d(2, ceil_mode=True), nn.Identity()]
        self.blocks = nn.ModuleList(
            nn.Sequential(
                Convolution(inside, outside, 3, padding=1, bias=False),
                pool,
                nn.BatchNorm2d(outside),
                nn.ReLU(inplace=True),
            )
            for inside, outside, pool in zip(widths, widths[1:], pooling, strict=False)
        )
        self.feature_dim = widths[-1]


class Convolution(nn.Conv2d):
    """A padded 3x3 convolution, which on maps of 2x2 or of a single place is one matrix product.

    On 2x2 every place sees every other, and five of the nine taps fall outside; on one place eight do. As one product
    of a third of the work or less, a step of this layer takes less than half the time on a CPU.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2:] == (1, 1):
            return F.linear(x.flatten(1), self.weight[:, :, 1, 1])[:, :, None, None]
        if x.shape[2:] != (2, 2):
            return super().forward(x)
        # (out, in, y', x') taps for each of the four places y, x that are written
        taps = [self.weight[:, :, 1 - y : 3 - y, 1 - x : 3 - x] for y in (0, 1) for x in (0, 1)]
        matrix = torch.stack(taps).flatten(0, 1).flatten(1)
        written = F.linear(x.flatten(1), matrix).view(len(x), 2, 2, -1)
        return written.permute(0, 3, 1, 2)


def build(shape: tuple[int, ...]) -> ConvNet:
    return ConvNet(shape[0])
