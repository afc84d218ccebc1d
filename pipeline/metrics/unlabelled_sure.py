"""Share of the training inputs without labels whose predictions are sure, after training."""

from torch import Tensor

from pipeline.ops.pseudo_labels import pseudo_labels

LABEL = "Sure without label (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(unlabelled_logits: Tensor) -> Tensor | None:
    """Of logits (M, K)."""
    _, sure = pseudo_labels(unlabelled_logits)
    return 100.0 * sure.double() if len(sure) else None
