"""How much of the curvature along the gradient is due to the tenth of its coordinates that are largest."""

from collections.abc import Sequence
from typing import Any

from pipeline.errors import Absent

LABEL = "Share of curvature due to the top tenth"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(history: Sequence[dict[str, Any]]) -> float:
    """sum over them of g_i (Hg)_i in g^T H g, at the last step of every third epoch, the median over training.

    The median, since both are near 0 now and then.
    """
    shares = sorted(row["sharp_share"] for row in history if "sharp_share" in row)
    if not shares:
        raise Absent("its steps are not observed")
    return float((shares[len(shares) // 2] + shares[(len(shares) - 1) // 2]) / 2)
