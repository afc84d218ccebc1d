"""The purity of pseudo-labels: how much of what enters the loss has the right class, after training."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Pseudo-labels right (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(pseudo_classes: Tensor | None, pseudo_weights: Tensor | None, hidden_labels: Tensor) -> float:
    """Of classes (U,), weights (U,) and labels (U,); an input of an unknown class, -1, has no right one."""
    if pseudo_classes is None or pseudo_weights is None:
        raise Absent("it labels no input")
    weights = pseudo_weights.double()
    if not weights.any():
        raise Absent("no input is used")
    return float(100.0 * (weights * (pseudo_classes == hidden_labels)).sum() / weights.sum())
