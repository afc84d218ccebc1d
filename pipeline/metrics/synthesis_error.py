"""How far means of made examples of unseen classes are from those of real ones, the classes' mean distance being 1."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.geometry import class_means

LABEL = "Distance of made from real"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(made: tuple[Tensor, Tensor] | None, unseen_representations: tuple[Tensor, Tensor] | None) -> float:
    """Of made examples (M, D) with labels (M,) and real ones (N, D) with labels (N,), of the same classes."""
    if made is None or unseen_representations is None:
        raise Absent("the method makes no examples of unseen classes")
    real_labels = unseen_representations[1].unique()
    real = class_means(*unseen_representations)
    known = (made[1][:, None] == real_labels).any(1)
    means = class_means(made[0][known], made[1][known])
    between = (real[:, None] - real).norm(dim=2)
    apart = between.sum() / (len(real) * (len(real) - 1))
    return float((real - means).norm(dim=1).mean() / apart)
