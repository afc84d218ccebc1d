"""How far the encoder's weights have come from where they started."""

from torch import Tensor

LABEL = "Distance from the start"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(travelled: Tensor) -> float:
    """The L2 length of the way (d,)."""
    return float(travelled.double().norm())
