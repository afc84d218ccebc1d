"""How much of what enters the loss is of unknown classes, after training."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Unknown in the loss (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(pseudo_weights: Tensor | None, hidden_labels: Tensor) -> dict[str, float | Absent]:
    """Of weights (U,) and labels (U,), which are -1 of unknown classes.

    Their part of all weight, whatever its scale: that of their number where a method cannot tell them. `_used` is the
    share of them whose weight is above a half.
    """
    unknown = hidden_labels < 0
    if not unknown.any():
        raise Absent("no class is unknown")
    if pseudo_weights is None:
        raise Absent("it labels no input")
    weights = pseudo_weights.double()
    total = float(weights.sum())
    part = 100.0 * float(weights[unknown].sum()) / total if total else Absent("no input is used")
    return {"": part, "used": 100.0 * float((weights[unknown] > 0.5).double().mean())}
