"""How much more a surrogate expects of the designs that its search ends at than they are worth."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Overestimate"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(design_predictions: Tensor | None, design_scores: Tensor) -> Tensor:
    """Predicted less true scores (D,), and 0 of designs that are worth more; 1 is from the worst known to the best."""
    if design_predictions is None:
        raise Absent("it predicts nothing")
    return (design_predictions - design_scores).clamp_min(0)
