"""Margins of logits, z_y - max_{k != y} z_k, of training images under attack: the mean and two quantiles."""

import torch
from torch import Tensor

from pipeline.ops.class_scores import margins

LABEL = "Margin"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(pgd_train_logits: Tensor, pgd_train_labels: Tensor) -> dict[str, float]:
    """Of logits (M, K): "" the mean, "10" what a tenth of the images is below, "50" the median."""
    found = margins(pgd_train_logits.double(), pgd_train_labels)
    tenth, middle = torch.quantile(found, found.new_tensor([0.1, 0.5])).tolist()
    return {"": float(found.mean()), "10": tenth, "50": middle}
