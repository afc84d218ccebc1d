"""Share of wrong labels among the training examples that the method has kept."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Wrong labels kept (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(kept: Tensor, wrong_labels: Tensor | None) -> float:
    """Of those kept (M,) bool, and wrong labels (M,) bool, None without noise."""
    if wrong_labels is None or not wrong_labels.any():
        raise Absent("no training label was made wrong")
    if not kept.any():
        raise Absent("no training example was chosen")
    return 100.0 * float(wrong_labels[kept].double().mean())
