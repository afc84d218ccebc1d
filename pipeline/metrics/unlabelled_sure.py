"""Share of the training inputs without labels whose predictions are sure, after training."""

from torch import Tensor

from pipeline.ops.pseudo_labels import pseudo_labels

LABEL = "Sure without label (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(unlabelled_logits: Tensor | None) -> Tensor | None:
    """Of logits (M, K)."""
    return None if unlabelled_logits is None else 100.0 * pseudo_labels(unlabelled_logits)[1].double()
