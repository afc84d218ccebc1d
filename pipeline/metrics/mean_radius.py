"""How far sharpness-aware steps have climbed, where the method finds the radius itself."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Mean radius"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(radii: Tensor | None) -> dict[str, float]:
    """Of mean radii (epochs,): over all epochs, in the first, and in the last (`_first`, `_last`)."""
    if radii is None:
        raise Absent("the method does not find a radius of its own")
    return {"": float(radii.double().mean()), "first": float(radii[0]), "last": float(radii[-1])}
