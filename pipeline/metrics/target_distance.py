"""Optimal transport cost between the kept training inputs and the target's examples, by the angles of their pixels."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.optimal_transport import sinkhorn, sphere_distance

LABEL = "Distance to the target"
UNIT = ""
BOUNDS = (0.0, 2.0)
DIRECTION = "lower"


def compute(kept: Tensor, train_pixels: Tensor, target_pixels: Tensor) -> float:
    """Of those kept (M,) bool, inputs (M, D) and the target's (T, D): a space that is the same for every method."""
    if not kept.any():
        raise Absent("no training example was chosen")
    near, far = (F.normalize(pixels.double()) for pixels in (train_pixels[kept], target_pixels))
    return min(2.0, max(0.0, sinkhorn(sphere_distance(near, far), scaling=0.9)[0]))
