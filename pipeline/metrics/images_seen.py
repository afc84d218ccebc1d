"""What training costs: thousands of images that pass a network in all its steps."""

from pipeline.errors import Absent

LABEL = "Thousands of images seen"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(images_seen: int | None) -> float:
    """Counted in one step of each phase, times the steps; without what a method does between phases."""
    if images_seen is None:
        raise Absent("it is not trained")
    return images_seen / 1000
