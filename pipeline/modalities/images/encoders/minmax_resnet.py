"""LiResNet with conventional residual blocks in place of linear ones: looser Lipschitz constants."""

from pipeline.modalities.images.encoders.liresnet import LiResNet, conventional


def build(shape: tuple[int, ...]) -> LiResNet:
    return conventional(shape)
