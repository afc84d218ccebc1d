"""The mean over radii of accuracy under projected gradient ascent, radius 0 included."""

import torch
from torch import Tensor

from pipeline.ops.class_scores import top1
from pipeline.ops.robustness import robust_top1

LABEL = "Area (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(pgd_predictions: dict[float, Tensor], predictions: Tensor, labels: Tensor, radius: float) -> Tensor:
    """Of the first images, by the trapezoidal rule from 0 to the greatest radius."""
    found = robust_top1(predictions, pgd_predictions, labels, radius)
    radii, count = sorted(pgd_predictions), min(map(len, pgd_predictions.values()))
    at = [top1(predictions, labels), *(found[f"{r:g}".replace(".", "_")] for r in radii)]
    heights = torch.stack([values[:count] for values in at])
    return torch.trapezoid(heights, heights.new_tensor([0.0, *radii]), dim=0) / radii[-1]
