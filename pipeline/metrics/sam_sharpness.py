"""How much the training loss rises by one step of a given length up its gradient."""

from pipeline.ops.curvature import Surface
from pipeline.ops.sharpness import STABLE

LABEL = "Rise along the gradient"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(surface: Surface, radius: float) -> float:
    """L(w + radius g / |g|) - L(w), g the gradient of L at w (Foret et al. 2021, equation 2)."""
    slope = surface.slope()
    return surface.rise(radius * slope / (slope.norm() + STABLE))
