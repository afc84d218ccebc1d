"""Errors of predicted numbers, overall and by how common the target is in training."""

import torch
from torch import Tensor

FLOOR = 0.01
"""Errors below it count as so much in the geometric mean, which a single exact prediction would make zero."""


def regression_metrics(
    predictions: Tensor, targets: Tensor, groups: dict[str, Tensor]
) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Errors of predictions (N,) against targets (N,) in the targets' unit, and values per example.

    `mae`, the mean absolute error, whose values (N,) are given as well; `gm`, the geometric mean of absolute errors,
    each at least FLOOR; and `mae_<name>` for each of the groups, masks (N,), that has examples. In float64.
    """
    errors = (predictions.double() - targets.double()).abs()
    metrics = {"mae": float(errors.mean()), "gm": float(errors.clamp_min(FLOOR).log().mean().exp())}
    metrics |= {f"mae_{name}": float(errors[mask].mean()) for name, mask in groups.items() if mask.any()}
    return metrics, {"mae": errors}


def by_density(train_targets: Tensor, targets: Tensor, low: float, high: float, bins: int = 36) -> dict[str, Tensor]:
    """Masks (N,) of the targets (N,) whose bin of [low, high] has many, a medium number of or few training targets.

    Each group has a third of the equally wide bins. The order of bins with the same number of targets is theirs.
    """

    def places(values: Tensor) -> Tensor:
        return ((values.double() - low) / (high - low) * bins).long().clamp(0, bins - 1)

    counts = torch.bincount(places(train_targets), minlength=bins)
    rank = counts.argsort(descending=True, stable=True).argsort()[places(targets)]
    return {name: rank * 3 // bins == third for third, name in enumerate(("many", "medium", "few"))}
