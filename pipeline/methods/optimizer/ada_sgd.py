"""Adam with a single second moment for all coordinates: it adapts its rate, but not to each coordinate."""

from typing import Any

from pipeline.contract import setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops.blockwise import Blockwise


class AdaSGD(Optimised):
    """w <- w - lr m^ / (sqrt(v^) + 1e-8), v the average of mean g^2 over all parameters (section 4 of Xie et al.).

    In their code that is of each group of parameters. Averages are those of their experiments.
    """

    paper = "adam_linf"
    beta1: float = setting(0.9, low=0.0, high=0.9999)
    beta2: float = setting(0.95, low=0.0, high=0.99999)
    together = True
    """All parameters share a second moment."""

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        chosen: Any = {"betas": (self.beta1, self.beta2), "together": self.together}
        return Blockwise(groups, chosen)
