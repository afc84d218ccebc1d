"""Of pairs of one class with an image of the worst quality, how many are accepted where 1e-3 of others' pairs are."""

import torch
from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.retrieval import above, accepted, third

LABEL = "TAR at FAR 1e-3, worst quality (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(similarities: Tensor, labels: Tensor, degradations: Tensor | None) -> float:
    """Of similarities (N, N), labels (N,) and degradations (N,), higher for worse, whose worst third are the queries.

    A pair is of a query and any other image; the threshold is that at which 1e-3 of the queries' pairs of two classes
    are accepted, as if they alone had been verified.
    """
    if degradations is None:
        raise Absent("the data set records no quality")
    chosen = third(degradations, worst=True)
    same = labels[chosen, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)[chosen]
    near, far = (similarities[chosen][part].sort().values for part in (same & ~itself, ~same))
    if not len(near) or len(far) < 1e3:
        raise Absent(f"{len(far)} pairs of two classes are too few to accept 1e-3 of")
    return 100.0 * above(near, accepted(far, 1e-3))
