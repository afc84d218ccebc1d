"""R-precision: how many of the first R images are of the query's class, where R others are."""

import torch
from torch import Tensor

LABEL = "R-precision (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(hits: Tensor, relevant: Tensor) -> Tensor:
    """Of hits (N, R_max), whether the i-th most similar image is of the query's class, and R (N,).

    Queries that are alone in their class are left out.
    """
    hits, counts = hits[relevant > 0].double(), relevant[relevant > 0]
    places = torch.arange(1, hits.shape[1] + 1, device=hits.device)
    return 100.0 * (hits * (places <= counts[:, None])).sum(1) / counts
