"""How many examples of a batch a step harms: their losses rise to first order along the direction taken."""

from typing import Any

from pipeline.errors import Absent

LABEL = "Examples in conflict (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(history: list[dict[str, Any]]) -> float:
    """The mean over the epochs, of what the method observed of its own steps."""
    shares = [row["conflict_share"] for row in history if "conflict_share" in row]
    if not shares:
        raise Absent("the method does not tell, or the run is not watched")
    return float(sum(shares) / len(shares))
