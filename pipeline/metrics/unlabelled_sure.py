"""Share of the training inputs without labels whose predictions are sure, after training."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.pseudo_labels import pseudo_labels

LABEL = "Sure without label (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(unlabelled_logits: Tensor | None) -> Tensor:
    """Of logits (M, K)."""
    if unlabelled_logits is None:
        raise Absent("no training input is without its label")
    return 100.0 * pseudo_labels(unlabelled_logits)[1].double()
