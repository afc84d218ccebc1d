"""Mean absolute error, overall and by how common the target is in training."""

import numpy as np

from pipeline.errors import Absent
from pipeline.ops.resampling import TEST, Array, Counts, mean

LABEL = "MAE (degrees)"
UNIT = "degrees"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(
    counts: Counts, predictions: Array, targets: Array, density_groups: dict[str, Array] | None
) -> dict[str, Array | Absent]:
    """Of predictions and targets (N,), also for each of the groups, masks (N,), that has examples; in float64."""
    errors = np.abs(predictions.astype(np.float64) - targets)
    drawn, everyone = counts(TEST, len(errors)), np.ones(len(errors), dtype=bool)
    groups = {"": everyone, **(density_groups or {})}
    none = Absent("no test target is among these")
    return {name: mean(errors[mask], drawn[mask]) if mask.any() else none for name, mask in groups.items()}
