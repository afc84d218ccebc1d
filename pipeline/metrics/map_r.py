"""MAP@R: mean average precision among the first R images, where R others are of the query's class."""

import torch
from torch import Tensor

LABEL = "MAP@R (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(
    hits: Tensor, relevant: Tensor, seen_hits: Tensor | None, seen_relevant: Tensor | None
) -> dict[str, Tensor]:
    """1/R sum_{i <= R} P@i [the i-th is right] (Musgrave et al. 2020) of hits (N, R_max) and R (N,).

    Queries that are alone in their class are left out. "seen": the same of held-out images of classes that were trained
    on, looked up among as many classes.
    """
    found = {"": precision(hits, relevant)}
    return (
        found if seen_hits is None or seen_relevant is None else {**found, "seen": precision(seen_hits, seen_relevant)}
    )


def precision(hits: Tensor, relevant: Tensor) -> Tensor:
    """(n,) average precisions of the queries that are not alone, in percent."""
    hits, counts = hits[relevant > 0].double(), relevant[relevant > 0, None]
    places = torch.arange(1, hits.shape[1] + 1, device=hits.device)
    counted = hits * (places <= counts)
    return 100.0 * (counted * counted.cumsum(1) / places).sum(1) / counts.squeeze(1)
