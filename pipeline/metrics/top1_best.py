"""Accuracy after the epoch where it was best on the test split, which nobody can choose in practice."""

LABEL = "Top-1 of the best epoch (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(watched: list[float] | None) -> float | None:
    """Of the accuracies in percent after each epoch; nothing where no epoch was watched."""
    return max(watched) if watched else None
