"""What the best of the designs found is worth; further values are those that 80% and half of them lie below."""

from torch import Tensor, tensor

LABEL = "Design score"
UNIT = ""
BOUNDS = (None, 1.0)
DIRECTION = "higher"
PERCENTILES = {"80": 0.8, "50": 0.5}


def compute(design_scores: Tensor) -> dict[str, float]:
    """Of true scores (D,): 0 is the worst known design, 1 the best that there is. Percentiles interpolate linearly."""
    at = tensor([1.0, *PERCENTILES.values()], dtype=design_scores.dtype)
    found = design_scores.quantile(at.to(design_scores.device)).tolist()
    return dict(zip(["", *PERCENTILES], found, strict=True))
