"""Margin sampling: rows whose two most likely classes are nearly as likely."""

from pipeline.contract import Tensor, torch
from pipeline.methods.acquisition import Acquisition, Pool


class MarginSampling(Acquisition):
    """The least p_1 - p_2 (Scheffer, Decomain and Wrobel 2001, section 3), the whole round by one fitted learner."""

    paper = "margin_al"

    def score(self, pool: Pool, generator: torch.Generator) -> Tensor:
        return -pool.margins
