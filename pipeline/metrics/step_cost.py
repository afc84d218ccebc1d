"""What a step of training costs, in forward and backward passes of its batch."""

from pipeline.errors import Absent

LABEL = "Passes' worth of a step"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(step_cost: float | None) -> float:
    """Counted in multiplications and additions of matrices and convolutions, second derivatives included."""
    if step_cost is None:
        raise Absent("it is not trained")
    return step_cost
