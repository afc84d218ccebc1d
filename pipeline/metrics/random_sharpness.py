"""How much the training loss rises on average by a step of a given length in a random direction."""

import torch

from pipeline.ops.curvature import Surface

LABEL = "Rise in random directions"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(surface: Surface, radius: float, directions: torch.Generator, probes: int) -> float:
    """The mean of L(w + e) - L(w) over Gaussian directions e of length `radius`."""
    drawn = [torch.randn(len(surface.point), generator=directions).to(surface.point) for _ in range(probes)]
    return sum(surface.rise(radius * each / each.norm()) for each in drawn) / probes
