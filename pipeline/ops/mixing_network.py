"""A small network that looks at early maps of two others and answers with one number an input."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PreActivation(nn.Module):
    """Two 3x3 convolutions, each after batch normalisation and ReLU, beside a 1x1 one (He et al. 2016, figure 4e)."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm2d(channels), nn.BatchNorm2d(width)])
        self.convolution = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.beside = nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        active = F.relu(self.norms[0](maps))
        deep: Tensor = self.second(F.relu(self.norms[1](self.convolution(active))))
        return deep + self.beside(active)


class MixingNetwork(nn.Module):
    """u = w . mean over places of R_2(R_1([g_1, h_1]) + [g_2, h_2]), R residual blocks, w without bias.

    g_1, g_2 and h_1, h_2 are the first and second maps of two networks; [,] joins channels. R_1 brings the first to the
    sides of the second, R_2 halves these and doubles the channels.
    """

    def __init__(self, first: Sequence[torch.Size], second: Sequence[torch.Size]) -> None:
        """Shapes (1, c, h, w) of the maps, one of each network."""
        super().__init__()
        channels, width = (sum(shape[1] for shape in shapes) for shapes in (first, second))
        self.early = PreActivation(channels, width, -(-first[0][2] // second[0][2]))
        self.late = PreActivation(width, 2 * width, 2)
        self.linear = nn.Linear(2 * width, 1, bias=False)

    def forward(self, first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
        """(B, 1) of maps (B, c, h, w)."""
        maps = self.early(torch.cat(list(first), 1)) + torch.cat(list(second), 1)
        answer: Tensor = self.linear(self.late(maps).mean((2, 3)))
        return answer
