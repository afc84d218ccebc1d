"""Gain over the nearest mean of the same features, centred and at unit length, in the same episodes."""

import torch
from torch import Tensor

LABEL = "Over the nearest centroid (points)"
UNIT = "points"
BOUNDS = (-100.0, 100.0)
DIRECTION = "higher"


def compute(episode_right: dict[str, Tensor], centroid_right: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of shares by task, (E,) each; a value for each episode, under the task's name, and of all."""
    found = {task: 100.0 * (right - centroid_right[task]) for task, right in episode_right.items()}
    return {"": torch.cat([*found.values()]), **found}
