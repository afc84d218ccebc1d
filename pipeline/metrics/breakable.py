"""Share of test images that are right as they are and that an attack in the whole ball breaks."""

from torch import Tensor

LABEL = "Breakable (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(breakable: Tensor) -> Tensor:
    """(N,) of bool (N,)."""
    return 100.0 * breakable.double()
