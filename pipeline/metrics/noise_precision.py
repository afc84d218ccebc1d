"""Share of the training labels that the method suspects that is wrong."""

from pipeline.errors import Absent
from pipeline.ops.label_noise import of_noise
from pipeline.ops.resampling import TRAIN, Array, Counts, mean

LABEL = "Precision of found noise (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(counts: Counts, suspects: Array | None, wrong_labels: Array | None) -> Array:
    """Of suspects (M,) bool, None for a method that names none, and wrong labels (M,) bool, None without noise."""
    suspects, wrong = of_noise(suspects, wrong_labels)
    if not suspects.any():
        raise Absent("the method suspects no training label")
    return 100.0 * mean(wrong[suspects], counts(TRAIN, len(suspects))[suspects])
