"""Share of the training labels that the method suspects to be wrong."""

from torch import Tensor

LABEL = "Suspected labels (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(suspects: Tensor | None) -> float | None:
    """Of suspects (M,) bool, None for a method that suspects none."""
    return None if suspects is None else 100.0 * float(suspects.double().mean())
