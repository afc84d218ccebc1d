"""Gradients cut down coordinate by coordinate."""

import torch
from torch import Tensor


def threshold(sizes: Tensor, share: float) -> Tensor:
    """What a share of the sizes (d,) exceeds."""
    rank = min(int(len(sizes) * share), len(sizes) - 1)  # from the largest, counted from 0
    return sizes.kthvalue(len(sizes) - rank).values


@torch.no_grad()
def clipped(gradients: list[Tensor], share: float) -> list[Tensor]:
    """Coordinates beyond the threshold of all together become the threshold, their sign kept; 0 changes nothing."""
    if not share:
        return list(gradients)
    largest = threshold(_sizes(gradients), share)
    return [gradient.clamp(-largest, largest) for gradient in gradients]


@torch.no_grad()
def clipped_at_random(gradients: list[Tensor], share: float, generator: torch.Generator | None = None) -> list[Tensor]:
    """The same threshold upon a share of the coordinates drawn at random, whatever their size."""
    if not share:
        return list(gradients)
    largest = threshold(_sizes(gradients), share)
    found = []
    for gradient in gradients:
        drawn = torch.rand(gradient.shape, generator=generator, dtype=gradient.dtype) < share
        found.append(torch.where(drawn.to(gradient.device), gradient.clamp(-largest, largest), gradient))
    return found


def _sizes(gradients: list[Tensor]) -> Tensor:
    return torch.cat([gradient.reshape(-1) for gradient in gradients]).abs()
