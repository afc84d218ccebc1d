"""The mask ratio: how much of the stream without labels enters the loss, after training."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Unlabelled used (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(pseudo_weights: Tensor | None) -> Tensor:
    """Of weights (U,) in 0..1, which of most methods are 0 or 1."""
    if pseudo_weights is None:
        raise Absent("it labels no input")
    return 100.0 * pseudo_weights.double()
