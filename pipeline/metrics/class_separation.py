"""R^2 of Kornblith et al. (2021): 1 less the ratio of cosine distances within classes to all."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.geometry import cosine_distances, with_pairs

LABEL = "Class separation"
UNIT = ""
BOUNDS = (0.0, 1.0)
DIRECTION = "higher"


def compute(features: Tensor, labels: Tensor) -> float:
    """Of test features (N, F) and labels (N,); 0 where all features point one way."""
    if len(labels.unique()) < 2:
        raise Absent("the test examples are of one class, and it takes two")
    within, total = cosine_distances(features, with_pairs(labels))
    return 1 - within / total if total > 1e-9 else 0.0
