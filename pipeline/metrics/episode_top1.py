"""Accuracy of few-shot classification: the share of an episode's queries that are classified rightly, on average."""

import torch
from torch import Tensor

LABEL = "Episode top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(episode_right: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of shares by task, (E,) each; a value for each episode, under the task's name, such as one_shot, and of all."""
    found = {task: 100.0 * right for task, right in episode_right.items()}
    return {"": torch.cat([*found.values()]), **found}
