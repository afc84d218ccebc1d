"""How far the largest gradient of training stands out: the logarithm of its length over that of the usual one."""

import math
from statistics import median
from typing import Any

from pipeline.ops.observed_gradients import largest

LABEL = "Largest gradient over the usual one (decades)"
UNIT = "decades"
BOUNDS = (None, None)
DIRECTION = None


def compute(history: list[dict[str, Any]]) -> float:
    """log10 of the largest norm over the median of the epochs' mean norms."""
    top = largest(history)["gradient_largest"]
    return math.log10(top / median(row["gradient_norm"] for row in history))
