"""Two hidden layers on the pixels, without convolutions and without normalisation."""

import math

from torch import nn

from pipeline.ops.encoder import Encoder

UNITS = (128, 64)


class MLP(Encoder):
    """Linear layers with ReLU: 33 thousand weights on 14x14 images, where no example changes what another gives."""

    def __init__(self, shape: tuple[int, ...], hidden: tuple[int, ...] = UNITS) -> None:
        super().__init__()
        width, blocks = math.prod(shape), list[nn.Module]()
        for units in hidden:
            first = [] if blocks else [nn.Flatten()]
            blocks.append(nn.Sequential(*first, nn.Linear(width, units), nn.ReLU()))
            width = units
        self.blocks = nn.ModuleList(blocks)
        self.feature_dim = width


def build(shape: tuple[int, ...]) -> MLP:
    return MLP(shape)
