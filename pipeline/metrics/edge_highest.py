"""The highest sharpness of all training over gradient descent's edge of stability, two over the learning rate."""

from typing import Any

from pipeline.ops.edges_of_stability import ratios

LABEL = "Highest sharpness over the edge"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(history: list[dict[str, Any]]) -> float:
    """Of all measurements while it trained."""
    return max(ratios(history))
