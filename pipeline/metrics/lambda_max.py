"""The largest eigenvalue of the Hessian of the training loss: how sharp the minimum is in its sharpest direction."""

from pipeline.ops.curvature import Ends

LABEL = "Largest eigenvalue"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(eigenvalues: Ends) -> float:
    """By Lanczos' method on Hessian-vector products."""
    return eigenvalues.greatest
