"""Accuracy while labels are bought, by how many there are."""

import torch
from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Top-1 by labels (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
POINTS = 11


def compute(round_predictions: Tensor, round_labels: Tensor, labels: Tensor) -> dict[str, float]:
    """Of at most so many rounds, evenly spread, first and last among them; without a suffix before the first round."""
    last = len(round_labels) - 1
    places = torch.linspace(0, last, min(POINTS, last + 1), dtype=torch.float64).round().long().tolist()
    at = {str(int(round_labels[place])): float(top1(round_predictions[place], labels).mean()) for place in places}
    return {"": next(iter(at.values())), **at}
