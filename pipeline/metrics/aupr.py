"""Average precision with known inputs as the positive class ("AUPR-In")."""

from torch import Tensor

from pipeline.ops.detection import aupr, by_set

LABEL = "AUPR (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(scores_known: Tensor, scores_unknown: dict[str, Tensor]) -> dict[str, float]:
    """Of scores (N,) of known inputs and (n,) of each set of unknown ones: each set's, and their mean."""
    mean, by = by_set(aupr, scores_known, scores_unknown)
    return {"": mean, **by}
