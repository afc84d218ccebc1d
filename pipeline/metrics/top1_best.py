"""Accuracy after the epoch where it was best on the test split, which nobody can choose in practice."""

from pipeline.errors import Absent

LABEL = "Top-1 of the best epoch (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = "class"


def compute(watched: list[float] | None) -> float:
    """Of the accuracies in percent after each epoch."""
    if not watched:
        raise Absent("no epoch was watched")
    return max(watched)
