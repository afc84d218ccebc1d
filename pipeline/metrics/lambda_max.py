"""The largest eigenvalue of the Hessian of the training loss: how sharp the minimum is in its sharpest direction."""

import math

from pipeline.errors import Absent
from pipeline.ops.curvature import Ends

LABEL = "Largest eigenvalue"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"


def compute(eigenvalues: Ends) -> dict[str, float | Absent]:
    """By Lanczos' method on Hessian-vector products; as `lambda_max_log` its logarithm to base 10, for ratios."""
    found = eigenvalues.greatest
    return {"": found, "log": math.log10(found) if found > 0 else Absent("no eigenvalue is above zero")}
