"""How many strongly augmented images training has seen, in thousands."""

from pipeline.errors import Absent

LABEL = "Augmented images (thousands)"
UNIT = "thousands"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(augmented: int | None) -> float:
    """Of their number; None of a method that does not count them."""
    if augmented is None:
        raise Absent("the method augments all images alike")
    return augmented / 1000
