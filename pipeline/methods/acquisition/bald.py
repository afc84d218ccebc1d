"""BALD: rows on whose class draws of the network disagree, though each of them is sure."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.acquisition import Acquisition, Pool


class BALD(Acquisition):
    """The greatest I = H[mean_t p_t] - mean_t H[p_t] (Houlsby et al. 2011, equation 2), p_t by draws of dropout.

    As Gal, Islam and Ghahramani (2017) estimate it; how often to draw is from the code of Ash et al., who compare BADGE
    with it. A learner that draws nothing agrees with itself: then all rows score 0.
    """

    paper = "deep_bayesian_al"
    requires = ("learner == 'network'",)
    draws: int = setting(10, unit="draws of dropout", low=2)

    def score(self, pool: Pool, generator: torch.Generator) -> Tensor:
        sampled = pool.sampled(self.draws, generator)
        total = torch.special.entr(sampled.mean(0)).sum(1)
        return total - torch.special.entr(sampled).sum(2).mean(0)
