"""Share of the training labels that the method suspects to be wrong."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Suspected labels (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(suspects: Tensor | None) -> float:
    """Of suspects (M,) bool, None for a method that names none."""
    if suspects is None:
        raise Absent("the method does not say which labels it suspects")
    return 100.0 * float(suspects.double().mean())
