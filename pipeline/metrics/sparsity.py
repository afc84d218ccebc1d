"""How wide constraints around random directions must be before a perturbation breaks the classifier, on average."""

from pipeline.errors import Absent
from pipeline.ops.resampling import TEST, Array, Counts, mean

LABEL = "Sparsity"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "higher"


def compute(counts: Counts, sparse: Array, breakable: Array) -> Array:
    """Of widths (N,), in radians or in pixels, and the images (N,) bool that are right and can be broken."""
    if not breakable.any():
        raise Absent("no test image is both right and breakable")
    return mean(sparse[breakable], counts(TEST, len(sparse))[breakable])
