"""Mean confidence, the greatest probability, of misclassified test examples."""

from pipeline.errors import Absent
from pipeline.ops.resampling import TEST, Array, Counts, mean

LABEL = "Confidence of errors (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(counts: Counts, confidence: Array, predictions: Array, labels: Array) -> Array:
    """Of greatest probabilities (N,), the classes that have them (N,) and labels (N,)."""
    wrong = predictions != labels
    if not wrong.any():
        raise Absent("no test example is predicted wrongly")
    return 100.0 * mean(confidence[wrong], counts(TEST, len(labels))[wrong])
