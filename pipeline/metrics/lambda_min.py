"""The least eigenvalue of the Hessian of the training loss: below zero the weights are at no minimum."""

from pipeline.ops.curvature import Ends

LABEL = "Least eigenvalue"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(eigenvalues: Ends) -> float:
    """By Lanczos' method on Hessian-vector products."""
    return eigenvalues.least
