"""Mean absolute error, overall and by how common the target is in training."""

from torch import Tensor

LABEL = "MAE (degrees)"
UNIT = "degrees"
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(
    predictions: Tensor, targets: Tensor, density_groups: dict[str, Tensor] | None
) -> dict[str, Tensor | float]:
    """Of predictions and targets (N,), also for each of the groups, masks (N,), that has examples; in float64."""
    errors = (predictions.double() - targets.double()).abs()
    groups = density_groups or {}
    return {"": errors, **{name: float(errors[mask].mean()) for name, mask in groups.items() if mask.any()}}
