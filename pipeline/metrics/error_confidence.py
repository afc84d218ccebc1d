"""Mean confidence, the greatest probability, of misclassified test examples."""

from torch import Tensor

LABEL = "Confidence of errors (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(confidence: Tensor, predictions: Tensor, labels: Tensor) -> float:
    """Of greatest probabilities (N,), the classes that have them (N,) and labels (N,); 0 where there are no errors."""
    wrong = predictions != labels
    return 100.0 * float(confidence[wrong].sum() / wrong.sum().clamp_min(1))
