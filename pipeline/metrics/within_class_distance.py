"""Mean cosine distance of test features within a class (Kornblith et al. 2021, equation 11)."""

from torch import Tensor

from pipeline.ops.geometry import cosine_distances, with_pairs

LABEL = "Within-class cosine distance"
UNIT = ""
BOUNDS = (0.0, 2.0)
DIRECTION = "lower"


def compute(features: Tensor, labels: Tensor) -> float:
    """Of features (N, F) and labels (N,)."""
    within, _ = cosine_distances(features, with_pairs(labels))
    return within
