"""Heads on top of an encoder's features."""

import functools
import itertools
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

RELU = functools.partial(nn.ReLU, inplace=True)


def mlp(
    widths: list[int],
    *,
    batch_norm: bool = False,
    last_batch_norm: bool = False,
    last_affine: bool = True,
    last_bias: bool = True,
    activation: Callable[[], nn.Module] = RELU,
) -> nn.Sequential:
    """Linear layers of the given widths with an activation between them, optionally batch-normalised.

    A layer followed by batch normalisation has no bias of its own. The last layer may go without a bias, its batch
    normalisation without scale and shift.
    """
    layers: list[nn.Module] = []
    last = len(widths) - 2
    for place, (inside, outside) in enumerate(itertools.pairwise(widths)):
        normalise = last_batch_norm if place == last else batch_norm
        layers.append(nn.Linear(inside, outside, bias=not normalise and (place != last or last_bias)))
        if normalise:
            layers.append(nn.BatchNorm1d(outside, affine=place != last or last_affine))
        if place != last:
            layers.append(activation())
    return nn.Sequential(*layers)


class CosineLinear(nn.Module):
    """Cosines between features (B, D) and one learned direction per class: (B, K) in [-1, 1]."""

    def __init__(self, feature_dim: int, num_classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_normal_(nn.Linear(feature_dim, num_classes).weight.data))

    def forward(self, features: Tensor) -> Tensor:
        # float32: a cosine rounded to bf16 near 1 loses the angle that margins act on
        return F.linear(F.normalize(features.float()), F.normalize(self.weight.float()))
