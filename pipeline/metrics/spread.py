"""How far what a smoothed classifier averages for its answer scatters from one draw of the noise to the next."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Spread"
UNIT = ""
BOUNDS = (0.0, 0.51)
DIRECTION = "lower"


def compute(spread: Tensor | None) -> Tensor:
    """Standard deviations, of the images that have a certificate; votes of 0 and 1 scatter most."""
    if spread is None:
        raise Absent("its answers are no averages over draws")
    return spread
