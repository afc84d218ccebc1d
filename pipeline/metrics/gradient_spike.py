"""How far the largest gradient of training stands out: the logarithm of its length over that of the usual one."""

import math
from statistics import median
from typing import Any

from pipeline.errors import Absent

LABEL = "Largest gradient over the usual one (decades)"
UNIT = "decades"
BOUNDS = (None, None)
DIRECTION = None


def compute(history: list[dict[str, Any]]) -> dict[str, float]:
    """log10 of the largest norm over the median of the epochs' mean norms.

    `radius`: the spectral radius of the recurrent weights at that step.
    """
    rows = [row for row in history if row.get("gradient_largest", 0) > 0]
    if not rows:
        raise Absent("gradients were not observed while it trained, or all were zero")
    top = max(rows, key=lambda row: row["gradient_largest"])
    usual = median(row["gradient_norm"] for row in rows)
    return {"": math.log10(top["gradient_largest"] / usual), "radius": top["radius_at_largest"]}
