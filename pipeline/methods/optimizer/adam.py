"""Each coordinate's step is divided by the root of a running average of its squared gradient."""

from pipeline.contract import setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops import counted


class Adam(Optimised):
    """w <- w - lr m^ / (sqrt(v^) + 1e-8) (Kingma and Ba 2015, algorithm 1), with weight decay added to the gradient.

    torch's own, with the paper's averages.
    """

    paper = ""
    beta1: float = setting(0.9, low=0.0, high=0.9999)
    beta2: float = setting(0.999, low=0.0, high=0.99999)

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        return counted.Adam(groups, betas=(self.beta1, self.beta2), fused=True)
