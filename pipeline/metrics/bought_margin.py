"""How near to a boundary the rows lie that were bought, by the learner that did not have their labels yet."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Margin of what is bought"
UNIT = ""
BOUNDS = (0.0, 1.0)
DIRECTION = None


def compute(bought_margins: Tensor) -> float:
    """Mean of the greatest probability less the second, (M,)."""
    if not len(bought_margins):
        raise Absent("no labels were bought")
    return float(bought_margins.mean())
