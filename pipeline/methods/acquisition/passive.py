"""Passive learning: rows are labelled at random."""

from pipeline.contract import Tensor, torch
from pipeline.methods.acquisition import Acquisition, Pool


class Passive(Acquisition):
    """Every row without a label is as likely as any other."""

    paper = ""

    def score(self, pool: Pool, generator: torch.Generator) -> Tensor:
        return torch.rand(len(pool.labels), generator=generator).to(pool.labels.device)
