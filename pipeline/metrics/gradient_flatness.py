"""The length of the gradient of the training loss where a short step has made it longest."""

from pipeline.ops.curvature import Surface
from pipeline.ops.sharpness import STABLE

LABEL = "Gradient norm nearby"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(surface: Surface, radius: float) -> float:
    """|grad L(w + radius f / |f|)| with f = H g / |g|, the gradient of |grad L|.

    `radius` times as much is the first-order flatness of Zhang et al. (2023, equation 3).
    """
    slope = surface.slope()
    climb = surface.hessian()(slope / (slope.norm() + STABLE))
    with surface.moved(radius * climb / (climb.norm() + STABLE)):
        return float(surface.slope().norm())
