"""How well the quality that is predicted of each image agrees with the degradation that its making recorded."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.ranks import spearman

LABEL = "Rank correlation with quality"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = "higher"


def compute(qualities: Tensor | None, features: Tensor, degradations: Tensor | None) -> dict[str, float | Absent]:
    """Spearman's, of predictions (N,) with degradations (N,) whose sign is turned round.

    "norm": the same of the lengths of features (N, F), which any embedding has.
    """
    if degradations is None:
        raise Absent("the data set records no quality")
    quality = -degradations.double()
    found: dict[str, float | Absent] = {"norm": spearman(features.double().norm(dim=1), quality)}
    missing = Absent("the method predicts no quality")
    return {"": missing if qualities is None else spearman(qualities, quality), **found}
