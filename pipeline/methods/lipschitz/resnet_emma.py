"""EMMA on conventional residual blocks, whose Lipschitz constants are bounded less well."""

from pipeline.methods.lipschitz.liresnet_emma import LiResNetEMMA


class ResNetEMMA(LiResNetEMMA):
    """The loss of `liresnet_emma`; the study gives it the encoder `minmax_resnet`."""

    paper = "liresnet"
