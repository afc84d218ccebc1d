"""Of pairs of one class, how many are accepted at the threshold that accepts 1e-3 of the pairs of two classes."""

from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.retrieval import above, accepted

LABEL = "TAR at FAR 1e-3 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(pair_similarities: tuple[Tensor, Tensor]) -> float:
    """Of similarities of pairs of one class (P,) and of two (Q,), ascending; 1e-3 of the latter are accepted."""
    same, different = pair_similarities
    if not len(same) or len(different) < 1e3:
        raise Absent(f"{len(different)} pairs of two classes are too few to accept 1e-3 of")
    return 100.0 * above(same, accepted(different, 1e-3))
