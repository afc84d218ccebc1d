"""Entropy sampling: rows whose predicted classes are most uncertain, all classes counted."""

from pipeline.contract import Tensor, torch
from pipeline.methods.acquisition import Acquisition, Pool


class EntropySampling(Acquisition):
    """The greatest -sum_k p_k log p_k."""

    paper = "uncertainty_sampling"

    def score(self, pool: Pool, generator: torch.Generator) -> Tensor:
        return torch.special.entr(pool.probabilities).sum(1)
