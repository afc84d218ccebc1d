"""The share of certificates that an attack within the radius breaks: 0 where they are sound."""

from torch import Tensor

LABEL = "Broken (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(broken: Tensor) -> Tensor:
    """Of the images that have a certificate."""
    return 100.0 * broken.double()
