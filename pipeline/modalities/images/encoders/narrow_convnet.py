"""The small convolutional network at half its width: for studies that need many steps of few images."""

from pipeline.modalities.images.encoders.convnet import ConvNet

LAYERS = ((8, 3, 1, True), (16, 3, 1, True), (64, 3, 1, True))
"""10 thousand weights, which still know two thousand images by heart."""


def build(shape: tuple[int, ...]) -> ConvNet:
    return ConvNet(shape[0], LAYERS)
