"""The sharpness at the end of training over gradient descent's edge of stability, two over the learning rate."""

from typing import Any

from pipeline.ops.edges_of_stability import ratios, settled

LABEL = "Sharpness over the edge"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = None


def compute(history: list[dict[str, Any]]) -> dict[str, float]:
    """The mean of the last measurements; the greatest of all (`_highest`); and over SAM's edge (`_sam`), which is
    lambda (1 + rho lambda) over 2 / eta, with rho 0 for what does not ascend."""
    found = ratios(history)
    return {"": settled(found), "highest": max(found), "sam": settled(ratios(history, ascent=True))}
