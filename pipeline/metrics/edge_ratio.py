"""The sharpness at the end of training over gradient descent's edge of stability, two over the learning rate."""

from typing import Any

from pipeline.ops.edges_of_stability import ratios, settled

LABEL = "Sharpness over the edge"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(history: list[dict[str, Any]]) -> float:
    """The mean of the last measurements."""
    return settled(ratios(history))
