"""How far apart the lengths of features are in weakly and in strongly augmented views of the same inputs."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Gap of feature norms"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(view_norms: Tensor | None) -> float:
    """Mean |a - b| of lengths (V, 2) a and b of one input, over the mean a, that of weak views."""
    if view_norms is None:
        raise Absent("the study has no strongly augmented views")
    weak, strong = view_norms.double().unbind(1)
    return float((weak - strong).abs().mean() / weak.mean())
