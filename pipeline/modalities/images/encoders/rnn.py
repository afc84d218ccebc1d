"""A recurrent network of one layer that reads an image column by column, and whose last state is the feature."""

from torch import nn

from pipeline.ops.encoder import Encoder
from pipeline.ops.recurrence import UNITS, Recurrence


class RNN(Encoder):
    """The network of Pascanu et al. (2013): 50 units, each connected with 15, at a spectral radius of 0.95."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Recurrence(shape[0] * shape[1])])
        self.feature_dim = UNITS


def build(shape: tuple[int, ...]) -> RNN:
    return RNN(shape)
