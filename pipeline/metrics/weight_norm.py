"""The length of all weights together."""

from pipeline.ops.curvature import Surface

LABEL = "Norm of the weights"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(surface: Surface) -> float:
    """Of the weights that the loss depends on, biases and normalisation included."""
    return float(surface.point.double().norm())
