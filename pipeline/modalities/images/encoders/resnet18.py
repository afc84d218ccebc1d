"""ResNet-18 for small images: torchvision's, with a 3x3 stem of stride 1 and no first pooling (as in SimCLR, B.9)."""

from torch import nn

from pipeline.modalities.images.vision import torchvision
from pipeline.ops.encoder import Encoder


class ResNet18(Encoder):
    def __init__(self, channels: int) -> None:
        super().__init__()
        net = torchvision().models.resnet18(weights=None)
        first = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(first.weight, mode="fan_out", nonlinearity="relu")  # as torchvision initialises
        stem = nn.Sequential(first, net.bn1, net.relu)
        self.blocks = nn.ModuleList([nn.Sequential(stem, net.layer1), net.layer2, net.layer3, net.layer4])
        self.feature_dim = 512


def build(shape: tuple[int, ...]) -> ResNet18:
    return ResNet18(shape[0])
