"""Mean squared distance of two views' features on the unit sphere (Wang and Isola 2020, alpha = 2)."""

import torch.nn.functional as F
from torch import Tensor

LABEL = "Alignment"
UNIT = ""
BOUNDS = (0.0, 4.0)
DIRECTION = "lower"


def compute(positive_pairs: tuple[Tensor, Tensor]) -> Tensor:
    """Of features (N, F) of one view of each test example and of another."""
    return alignment(*positive_pairs)


def alignment(z1: Tensor, z2: Tensor, power: float = 2) -> Tensor:
    """|z1 - z2|^power (N,) of positive pairs (N, F) on the unit sphere; 0 is best, 4 worst for power 2."""
    return (F.normalize(z1.float()) - F.normalize(z2.float())).norm(dim=1) ** power
