"""Cones of perturbations around directions, in l_2."""

import torch
from torch import Tensor


def into_cone(shift: Tensor, axis: Tensor, angle: Tensor) -> Tensor:
    """Shifts (B, ...) that are further than `angle` (B,) from unit vectors (B, ...), turned towards these until they
    are not; none changes its length. Angles are from 0 to pi."""
    flat, unit = shift.flatten(1), axis.flatten(1)
    length = flat.norm(dim=1, keepdim=True)
    along = (flat * unit).sum(1, keepdim=True)
    across = flat - along * unit
    apart = across.norm(dim=1, keepdim=True)
    angle = angle[:, None]
    outside = torch.atan2(apart, along) > angle
    turned = length * (angle.cos() * unit + angle.sin() * across / apart.clamp_min(1e-30))
    return torch.where(outside, turned, flat).view_as(shift)


def opening(shift: Tensor, axis: Tensor) -> Tensor:
    """(B,) the angle between shifts and unit vectors, from 0 to pi."""
    flat, unit = shift.flatten(1), axis.flatten(1)
    along = (flat * unit).sum(1)
    return torch.atan2((flat - along[:, None] * unit).norm(dim=1), along)
