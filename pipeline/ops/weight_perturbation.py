"""Weights moved layer by layer, as far as each layer's own length allows (Wu et al. 2020)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

NEVER_ZERO = 1e-20


def matrices(module: nn.Module) -> list[Tensor]:
    """The module's weights of more than one dimension: not biases, and not those of normalisation."""
    return [parameter for parameter in module.parameters() if parameter.ndim > 1]


@torch.no_grad()
def layerwise(weights: Sequence[Tensor], slopes: Sequence[Tensor], gamma: float) -> list[Tensor]:
    """gamma |w_l| g_l / |g_l| for each layer l, lengths being Frobenius norms; zeros where g_l is 0."""
    return [
        gamma * weight.norm() / (slope.norm() + NEVER_ZERO) * slope
        for weight, slope in zip(weights, slopes, strict=True)
    ]
