"""The sharpness at the end of training over SAM's edge of stability: lambda (1 + rho lambda) over 2 / eta."""

from typing import Any

from pipeline.ops.edges_of_stability import ratios, settled

LABEL = "Sharpness over SAM's edge"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(history: list[dict[str, Any]]) -> float:
    """The mean of the last measurements; rho is 0 for what does not ascend."""
    return settled(ratios(history, ascent=True))
