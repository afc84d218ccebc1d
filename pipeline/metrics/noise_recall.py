"""Share of the wrong training labels that the method suspects."""

from pipeline.ops.label_noise import of_noise
from pipeline.ops.resampling import TRAIN, Array, Counts, mean

LABEL = "Recall of noise (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, suspects: Array | None, wrong_labels: Array | None) -> Array:
    """Of suspects (M,) bool, None for a method that names none, and wrong labels (M,) bool, None without noise."""
    suspects, wrong = of_noise(suspects, wrong_labels)
    return 100.0 * mean(suspects[wrong], counts(TRAIN, len(suspects))[wrong])
