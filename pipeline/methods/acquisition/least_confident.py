"""Uncertainty sampling: rows whose most likely class is least likely."""

from pipeline.contract import Tensor, torch
from pipeline.methods.acquisition import Acquisition, Pool


class LeastConfident(Acquisition):
    """The greatest 1 - p_1. Of two classes, as Lewis and Gale had them, it is what margin and entropy choose too."""

    paper = "uncertainty_sampling"

    def score(self, pool: Pool, generator: torch.Generator) -> Tensor:
        return 1 - pool.probabilities.amax(1)
