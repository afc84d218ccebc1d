"""Accuracy on the unseen domain half the way from the base to the weights at the end."""

from pipeline.errors import Absent
from pipeline.ops.weight_lines import Along

LABEL = "Half-way top-1, unseen (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(along: Along | None) -> dict[str, float]:
    """In a straight line, and with the straggler layer's way cut to its largest entries (`_sparsified`)."""
    if along is None:
        raise Absent("the line from the base is not measured here")
    return {"": float(along.accuracy["unseen"][len(along.shares) // 2]), "sparsified": along.sparsified}
