"""How far what a smoothed classifier averages for its answer scatters from one draw of the noise to the next."""

from torch import Tensor

LABEL = "Spread"
UNIT = ""
BOUNDS = (0.0, 0.51)
DIRECTION = "lower"


def compute(spread: Tensor) -> Tensor:
    """Standard deviations, of the images that have a certificate; votes of 0 and 1 scatter most."""
    return spread
