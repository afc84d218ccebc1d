"""Mean distance of a training input to the nearest that the method has kept, in pixels as they are; the greatest."""

import torch
from torch import Tensor

from pipeline.errors import Absent

LABEL = "Distance to the kept"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"
ROWS = 500


def compute(kept: Tensor, train_pixels: Tensor) -> dict[str, float]:
    """Of those kept (M,) bool and inputs (M, D): the distance per number, |x_i - x_j| / sqrt(D). In units of the
    inputs' standard deviation, which is the same space for every method. "farthest" is that of the farthest input."""
    if not kept.any():
        raise Absent("no training example was chosen")
    near, far = train_pixels[kept], train_pixels[~kept]
    nearest = torch.cat([torch.cdist(part, near).amin(1) for part in far.split(ROWS)]) if len(far) else far.new_zeros(1)
    scale = train_pixels.shape[1] ** 0.5
    return {"": float(nearest.double().sum()) / len(train_pixels) / scale, "farthest": float(nearest.max()) / scale}
