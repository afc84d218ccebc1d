"""Mean distance of a training input to the nearest one that the method has kept, in pixels as they are."""

import torch
from torch import Tensor

from pipeline.errors import Absent

LABEL = "Distance to the kept"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"
ROWS = 500


def compute(kept: Tensor, train_pixels: Tensor) -> float:
    """Of those kept (M,) bool and inputs (M, D): the distance per number, |x_i - x_j| / sqrt(D). In units of the
    inputs' standard deviation, which is the same space for every method."""
    if not kept.any():
        raise Absent("no training example was chosen")
    near = train_pixels[kept]
    nearest = torch.cat([torch.cdist(part, near).amin(1) for part in train_pixels[~kept].split(ROWS)] or [near[:0, 0]])
    return float(nearest.double().sum()) / len(train_pixels) / train_pixels.shape[1] ** 0.5
