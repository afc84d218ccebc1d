"""Each coordinate's step is divided by the root of a running average of its squared gradient, without momentum."""

from pipeline.contract import setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops import counted


class RMSProp(Optimised):
    """v <- alpha v + (1 - alpha) g^2;  w <- w - lr g / (sqrt(v) + 1e-8) (Tieleman and Hinton 2012).

    torch's own with its alpha, where the lecture has 0.9. v begins at 0 without correction, so that first steps are
    ten times as large as later ones.
    """

    paper = ""
    alpha: float = setting(0.99, low=0.0, high=0.9999)

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        return counted.RMSprop(groups, alpha=self.alpha)
