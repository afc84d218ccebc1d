"""What a step of training costs: images that pass the network for each training image."""

from pipeline.errors import Absent

LABEL = "Passes per image"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(passes: float | None) -> float:
    """Counted in one step, attack and loss together."""
    if passes is None:
        raise Absent("it is not trained")
    return passes
