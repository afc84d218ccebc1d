"""The same loss on conventional residual blocks, which the encoder of the study has."""

import torch

from pipeline.methods.lipschitz.liresnet_emma import LiResNetEMMA
from pipeline.methods.lipschitz.resnet_emma import ResNetEMMA
from pipeline.modalities.images.encoders import liresnet, minmax_resnet
from pipeline.ops.lipschitz import LinearResidual, Residual
from tests.kit.certified import SmallLipschitz, built, pixels


def test_it_differs_in_the_encoder_alone():
    losses = []
    for cls in (LiResNetEMMA, ResNetEMMA):
        method = built(cls, lambda: SmallLipschitz(Residual((4, 4, 4))))
        losses.append(method.loss(pixels()))
    assert torch.equal(*losses)


def test_encoders():
    for shape in ((1, 14, 14), (1, 28, 28), (3, 14, 28)):
        encoders = [module.build(shape) for module in (liresnet, minmax_resnet)]
        for encoder, kind in zip(encoders, (LinearResidual, Residual), strict=True):
            assert encoder(torch.randn(2, *shape)).shape == (2, encoder.feature_dim)
            assert [isinstance(block[0], kind) for block in encoder.blocks] == [False, *[True] * 4, False, False]
    image = torch.randn(1, 1, 14, 14, requires_grad=True)
    liresnet.build((1, 14, 14))(image).square().sum().backward()
    assert (image.grad != 0).all()  # also the last row and column
