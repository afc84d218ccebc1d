"""How fast a surrogate's mean prediction of unseen, better designs changes with its weights."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Surrogate sharpness"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(prediction_gradient: Tensor | None) -> float:
    """Length of the gradient (P,), by all weights, of the mean prediction in deviations of the training values."""
    if prediction_gradient is None:
        raise Absent("it predicts nothing")
    return float(prediction_gradient.double().norm())
