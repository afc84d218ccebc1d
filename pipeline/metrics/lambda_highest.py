"""The largest eigenvalue of the Hessian of the training loss that was met while it trained."""

import math
from typing import Any

from pipeline.errors import Absent

LABEL = "Largest eigenvalue on the way"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(history: list[dict[str, Any]]) -> dict[str, float | Absent]:
    """Of the epochs in which it was tracked; as `lambda_highest_log` its logarithm to base 10, for ratios.

    At the end of training cross-entropy is weighed by how unsure the network still is of its training images, and so
    flat wherever it is sure of all of them.
    """
    tracked = [row["lambda_max"] for row in history if "lambda_max" in row]
    if not tracked:
        raise Absent("the largest eigenvalue was not tracked while it trained")
    found = max(tracked)
    return {"": found, "log": math.log10(found) if found > 0 else Absent("no eigenvalue is above zero")}
