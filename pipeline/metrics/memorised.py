"""Share of wrong training labels that the model predicts."""

from pipeline.ops.label_noise import some_wrong
from pipeline.ops.resampling import TRAIN, Array, Counts, mean

LABEL = "Wrong labels memorised (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(counts: Counts, train_predictions: Array, train_labels: Array, wrong_labels: Array | None) -> Array:
    """Of the classes predicted of training examples (M,), the labels given (M,), and which are wrong (M,) bool."""
    wrong, agrees = some_wrong(wrong_labels), train_predictions == train_labels
    return 100.0 * mean(agrees[wrong], counts(TRAIN, len(agrees))[wrong])
