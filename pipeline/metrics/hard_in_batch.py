"""Hard negatives in the batch: the share of the nearest wrong labels that a query was compared with."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Hard negatives in the batch (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(hardest_in_batch: Tensor | None) -> Tensor:
    """Of (M, k) bool: for the k nearest of each query's wrong labels at the end, whether its last batch had them."""
    if hardest_in_batch is None:
        raise Absent("no batch chooses its negatives")
    return 100.0 * hardest_in_batch.double().mean(1)
