"""Share of wrong training labels that the model predicts."""

from torch import Tensor

LABEL = "Wrong labels memorised (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(train_logits: Tensor, train_labels: Tensor, wrong_labels: Tensor | None) -> float | None:
    """Of logits (M, K) of the training examples, the labels given (M,), and which of them are wrong (M,) bool."""
    if wrong_labels is None or not wrong_labels.any() or wrong_labels.all():
        return None
    agrees = train_logits.argmax(1) == train_labels
    return 100.0 * float(agrees[wrong_labels].double().mean())
