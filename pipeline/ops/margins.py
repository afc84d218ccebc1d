"""Margins on cosines."""

import math

import torch
from torch import Tensor


def widened(cosine: Tensor, margin: float) -> Tensor:
    """cos(theta + margin) of cos theta, and cos theta - margin sin(margin) where theta + margin exceeds pi.

    The second keeps the value falling with theta. sin theta is held above 3e-4, since its gradient is infinite at 0.
    """
    sine = (1 - cosine**2).clamp_min(1e-7).sqrt()
    shifted = cosine * math.cos(margin) - sine * math.sin(margin)
    return torch.where(cosine > math.cos(math.pi - margin), shifted, cosine - margin * math.sin(margin))
