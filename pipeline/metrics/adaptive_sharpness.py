"""How much the training loss rises by one step up its gradient that is measured in each weight's own size."""

from pipeline.ops.curvature import Surface
from pipeline.ops.sharpness import STABLE

LABEL = "Rise along the scaled gradient"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(surface: Surface, adaptive_radius: float) -> float:
    """L(w + e) - L(w), e = radius T^2 g / |T g|, T = |w| entry by entry (Kwon et al. 2021, equation 12).

    To scale a layer up and the next one down, which changes no output, does not change it.
    """
    slope, size = surface.slope(), surface.point.abs()
    return surface.rise(adaptive_radius * size * size * slope / ((size * slope).norm() + STABLE))
